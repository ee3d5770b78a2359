/**
 * A process that is to live on by itself must not keep open what it inherited: whoever waits for the end of a pipe that a shell,
 * a test or a supervisor left open would wait for as long as a hob lives. Node closes its own descriptors when it starts a process, but
 * not those that it was itself started with.
 *
 * Descriptors that a Node process opened are marked to be closed; one that is not marked was inherited.
 */
const CLOSE_ON_EXEC = 0o2000000;

export interface DescriptorPowers {
  readonly readdirSync: (path: string) => readonly string[];
  readonly readFileSync: (path: string, encoding: 'utf8') => string;
  readonly closeSync: (descriptor: number) => void;
}

/** Called once by an entry point, before it opens anything: closes all but stdin, stdout and stderr. */
export const closeInheritedDescriptors = ({ readdirSync, readFileSync, closeSync }: DescriptorPowers): void => {
  for (const descriptor of readdirSync('/proc/self/fd').map(Number)) {
    if (descriptor <= 2) continue;
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(descriptor);
    } catch (error) {
      // The descriptor by which the directory was listed is gone.
      if ((error as { code?: string } | null)?.code !== 'ENOENT') throw error;
    }
  }
};
harden(closeInheritedDescriptors);
