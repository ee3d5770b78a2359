/** How something is asked to do as much as it can for a while, and what came of it. */
import process from 'node:process';

export interface Load {
  /** So many at a time; the next begins when one has ended. 1: one after the other. */
  readonly inFlight: number;
  readonly milliseconds: number;
}

/** What was done in one stretch of time. */
export interface Slice {
  readonly count: number;
  readonly seconds: number;
  /** Processor time of everybody who took part. */
  readonly cpuSeconds: number;
}

/** Of this process, all its threads, since it began. */
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const seconds = (): number => Number(process.hrtime.bigint()) / 1e9;

/** Runs `once` for so long. */
export const runLoad = async (once: () => Promise<unknown>, { inFlight, milliseconds }: Load): Promise<Slice> => {
  const [begun, cpuBefore] = [seconds(), cpuSeconds()];
  const end = begun + milliseconds / 1e3;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (seconds() < end) {
      await once();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { count, seconds: seconds() - begun, cpuSeconds: cpuSeconds() - cpuBefore };
};
