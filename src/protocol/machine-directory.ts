/**
 * The directory of a machine that a hob keeps, and what hob and provider may rely on about it. Both import this file; neither
 * imports the other.
 *
 * ```
 * <machine>/            0700  made by the provider, whole or not at all
 *   root/               0755  the machine's root: what resources manage. Not there if the hob was told another (`--root /`)
 *   state/              0700  the hob's own: `sealing-key`, `owed`, and `store/`, which is its lock and has its key, sealed
 *   enrolment           0600  the enrolment locator and a line end; gone once the hob is enrolled
 *   hob.pid             0600  who has the lock, see HobProcess
 *   hob.log             0600  stdout and stderr of the hob
 *   taking-over         0600  while another hob than before is tried: which one, and a line end
 *   taken-over          0600  that one works
 * ```
 *
 * **Exactly one hob.** A provider's process may be killed between starting a hob and noting that it did, so no note of the provider
 * can be the truth. The hob itself is: whoever has `state/store/` open is the machine's hob, and there is no other.
 *
 * What a hob must do:
 *   1. Its command line ends with `--directory <machine>`, an absolute path without symlinks; that is how a hob is found that has
 *      been started, but has not written `hob.pid` yet. So it never changes its command line (`process.title`).
 *   2. It makes neither the machine's directory nor its root nor `state/`. If one is missing it ends with 1: the machine is being
 *      destroyed.
 *   3. First of all it opens its store in `state/store/`. If another hob has it, it ends with 1 (STORE_IN_USE), having written nothing.
 *   4. Then it writes `hob.pid`: to `hob.pid.new`, then a rename. It never removes it: a dead process is told by what it says.
 *   5. While it is not enrolled it reads `enrolment` anew for each attempt. Once its enrolment is synced to its store it removes the
 *      file. If it is enrolled and finds one, it removes it unread.
 *   6. It keeps no descriptor that it inherited, but stdin, stdout and stderr (inherited-descriptors.ts).
 *   7. It stays in the directory that it was started in, which is the machine's.
 *   8. SIGTERM at any time, before its store is open too, ends it with 0 after a flush.
 *   9. If `taking-over` names it (by the name of the directory that its file is in), it looks at its host once it has reached its boss, and
 *      when the boss has taken the report of that, renames that file to `taken-over`. Then, and not before, the hob that was there before it may go.
 *
 * What a provider must do:
 *   1. The directory appears whole, by a rename, with its root, `state/` and a synced `enrolment`, before the first hob starts.
 *   2. To destroy, it first renames the directory away, so that no hob can start any more (2. above), then ends the hobs that
 *      run, then removes it.
 *   3. It signals a process only if it is certain who that is: a process of the same user, which either has the number and start time
 *      that `hob.pid` says, and a command line that names this directory or this directory as its own (which follows when the directory
 *      is moved), or leads its own session (it was started detached) with a command line that ends as above. A copy of the directory says nothing about processes, nor does a number used again.
 */

export const directoryFlag = '--directory';
harden(directoryFlag);

/** What the resources manage, where that is not `root/` in the machine's directory. */
export const rootFlag = '--root';
harden(rootFlag);

/** The paths in a machine's directory. */
export const machinePaths = (directory: string) =>
  harden({
    directory,
    root: `${directory}/root`,
    state: `${directory}/state`,
    sealingKey: `${directory}/state/sealing-key`,
    /** What is owed to resources that others notify. */
    owed: `${directory}/state/owed`,
    store: `${directory}/state/store`,
    enrolment: `${directory}/enrolment`,
    hobPid: `${directory}/hob.pid`,
    log: `${directory}/hob.log`,
    takingOver: `${directory}/taking-over`,
    takenOver: `${directory}/taken-over`,
  });
harden(machinePaths);

/** Which process: a number alone is given to another one day. `startTime` is field 22 of `/proc/<pid>/stat`: clock ticks since the boot. */
export interface HobProcess {
  readonly pid: number;
  readonly startTime: number;
}

/** What is of interest in `/proc/<pid>/stat`. */
export interface ProcessStat {
  readonly pid: number;
  /** `R`, `S`, …; `Z` and `X` are dead. */
  readonly state: string;
  /** The process that leads its session. */
  readonly session: number;
  readonly startTime: number;
}

/** Undefined for what is not such a text. */
export const parseProcessStat = (text: string): ProcessStat | undefined => {
  // The second field is the command's name in brackets, which may itself hold blanks and brackets.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const [pid, session, startTime] = [Number.parseInt(text, 10), Number(fields[3]), Number(fields[19])];
  if (end < 0 || ![pid, session, startTime].every(Number.isSafeInteger)) return undefined;
  return harden({ pid, state: fields[0]!, session, startTime });
};
harden(parseProcessStat);

/** What a hob writes to `hob.pid`, from the text of `/proc/self/stat`. */
export const formatHobPid = (selfStat: string): string => {
  const stat = parseProcessStat(selfStat);
  if (stat === undefined) throw TypeError(`not a process's stat: ${selfStat}`);
  const hob: HobProcess = { pid: stat.pid, startTime: stat.startTime };
  return `${JSON.stringify(hob)}\n`;
};
harden(formatHobPid);

/** Undefined for a text that no hob wrote. */
export const parseHobPid = (text: string): HobProcess | undefined => {
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<HobProcess>;
    if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(startTime)) return undefined;
    return harden({ pid: pid!, startTime: startTime! });
  } catch {
    return undefined;
  }
};
harden(parseHobPid);

/** Does a command line name this machine's directory? */
export const namesDirectory = (argv: readonly string[], directory: string): boolean =>
  argv.some((word, at) => word === directoryFlag && argv[at + 1] === directory);
harden(namesDirectory);

/** The directory that a command line ends with; undefined if it does not end with one. */
export const directoryAtEnd = (argv: readonly string[]): string | undefined =>
  argv.at(-2) === directoryFlag ? argv.at(-1) : undefined;
harden(directoryAtEnd);
