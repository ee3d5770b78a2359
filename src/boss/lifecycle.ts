/**
 * A machine's way from `requested` to `gone`, as pure functions from one progress to the next. docs/explanation/machines.md has the
 * picture. Each returns the progress that it was given where an event changes nothing, so whoever calls can compare.
 *
 * Two things move a machine: what its provider is asked to do, and signs of life of its hob. The provider does one **job** at a
 * time for it. A job has a number, and its outcome counts only while that job is the open one: asking for something else (destroy, while
 * it is being created) makes the outcome of the older job meaningless. What is asked of the provider goes out in the order in
 * which it was decided, and providers do it in that order.
 *
 * An open job is the machine's *intent*: it is written in the same commit as the decision, indexed by the boss, and taken up again
 * when the boss starts.
 */
import { M } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { lifecycleStates, type LifecycleState, type MachineStatus } from '../protocol/shapes.ts';

export type Task = 'create' | 'start' | 'stop' | 'destroy';

export interface Job {
  readonly task: Task;
  /** Counts up for each machine: tells one job's outcome from another's. */
  readonly number: number;
  /** The provider has done its part; what is awaited is the hob. */
  readonly provided: boolean;
  /** Boss's clock: the hob must have been heard of by then. null: no hob is awaited. */
  readonly deadline: number | null;
}

export type Failure = NonNullable<MachineStatus['failure']>;

export interface Progress {
  readonly state: LifecycleState;
  /** Of `failed`; null in every other state. */
  readonly failure: Failure | null;
  /** The open job; null if there is nothing to do for the provider. */
  readonly job: Job | null;
  /** How many jobs there have been. */
  readonly jobs: number;
  /** Of `gone`: what its provider said that it left, in words; absent: nothing. */
  readonly leaves?: readonly string[];
}

const StateShape = M.or(...lifecycleStates);

export const ProgressShape = M.splitRecord(
  {
    state: StateShape,
    failure: M.or(
      M.null(),
      M.splitRecord({ in: StateShape, code: M.string(), message: M.string() }, { hint: M.string() }),
    ),
    job: M.or(
      M.null(),
      M.splitRecord({
        task: M.or('create', 'start', 'stop', 'destroy'),
        number: M.number(),
        provided: M.boolean(),
        deadline: M.or(M.null(), M.number()),
      }),
    ),
    jobs: M.number(),
  },
  { leaves: M.arrayOf(M.string()) },
);

/** Of a machine that does not exist yet. */
export const nothingYet: Progress = harden({ state: 'requested', failure: null, job: null, jobs: 0 });
harden(nothingYet);

/** How long a hob may take to connect, once its machine is being started. Milliseconds. */
export const START_PATIENCE = 60 * 60_000;
harden(START_PATIENCE);

/** States in which the hob is awaited. */
const awaited: readonly LifecycleState[] = harden(['requested', 'creating', 'booting', 'starting']);

const stateOf: Readonly<Record<Task, LifecycleState>> = harden({
  create: 'requested',
  start: 'starting',
  stop: 'stopping',
  destroy: 'destroying',
});

/** Opens a job in the place of whatever was open. `deadline`: for create and start. */
export const take = ({ jobs }: Progress, task: Task, deadline: number | null): Progress =>
  harden({
    state: stateOf[task],
    failure: null,
    job: { task, number: jobs + 1, provided: false, deadline },
    jobs: jobs + 1,
  });
harden(take);

/** Once destroying was decided there is no way back. */
export const isDoomed = ({ state, failure }: Progress): boolean =>
  state === 'destroying' || state === 'gone' || failure?.in === 'destroying';
harden(isDoomed);

/** A machine that does not know yet whether it will exist can be destroyed, but nothing else. */
const isBeingMade = ({ state }: Progress): boolean => state === 'requested' || state === 'creating';

export interface Situation {
  readonly name: string;
  /** Has a hob been enrolled for it? Then it needs to be started, otherwise made. */
  readonly enrolled: boolean;
  readonly online: boolean;
}

const busy = ({ name }: Situation, { state, failure }: Progress, hint: string): Error =>
  makeError('MACHINE_BUSY', `${name}: it is ${state}${failure === null ? '' : ` (while ${failure.in})`}`, { hint });

/**
 * What has to be done so that the machine is as somebody asks: undefined if it is, or is on its way. Throws MACHINE_BUSY where its
 * state does not allow it.
 */
export const taskFor = (
  asked: 'start' | 'stop' | 'destroy',
  progress: Progress,
  situation: Situation,
): Task | undefined => {
  const { state } = progress;
  if (asked === 'destroy') return state === 'destroying' ? undefined : 'destroy';
  if (isDoomed(progress)) throw busy(situation, progress, 'destroy it, or forget it; then create it again');
  if (asked === 'stop') {
    if (isBeingMade(progress)) throw busy(situation, progress, 'wait until it is made, or destroy it');
    return state === 'stopping' || (state === 'stopped' && !situation.online) ? undefined : 'stop';
  }
  if (isBeingMade(progress) || state === 'starting') return undefined;
  if (!situation.enrolled) return 'create';
  return situation.online && (state === 'ready' || state === 'enrolled') ? undefined : 'start';
};
harden(taskFor);

/** Throws MACHINE_BUSY for a machine that must not be forgotten. */
export const requireForgettable = (progress: Progress, situation: Situation): void => {
  if (situation.online) throw busy(situation, progress, 'its hob is connected: destroy it, or stop it first');
  const { state, job } = progress;
  const isComing = isBeingMade(progress) || (state === 'starting' && job?.provided === false);
  if (isComing) throw busy(situation, progress, 'its provider is at work; wait, or destroy it');
};
harden(requireForgettable);

const isOpen = ({ job }: Progress, number: number): boolean => job?.number === number;

/** A job that awaits the hob is done when both the provider and the hob have done their part. */
const closeIfDone = (progress: Progress): Progress => {
  const { state, job } = progress;
  if (job === null || !job.provided || awaited.includes(state)) return progress;
  return harden({ ...progress, job: null });
};

/** The provider takes the machine's options, and is about to be asked to make it. */
export const accepted = (progress: Progress, number: number): Progress => {
  if (!isOpen(progress, number) || progress.state !== 'requested') return progress;
  return harden({ ...progress, state: 'creating' });
};
harden(accepted);

/** The provider has done what it was asked. `leaves`: of destroying, what it left. */
export const provided = (progress: Progress, number: number, leaves: readonly string[] = []): Progress => {
  if (!isOpen(progress, number)) return progress;
  const { state, jobs } = progress;
  const job = progress.job!;
  if (job.task === 'stop') return harden({ state: 'stopped', failure: null, job: null, jobs });
  if (job.task === 'destroy') {
    return harden({ state: 'gone', failure: null, job: null, jobs, ...(leaves.length === 0 ? {} : { leaves }) });
  }
  if (job.provided) return progress;
  const next = isBeingMade(progress) ? 'booting' : state;
  return closeIfDone(harden({ ...progress, state: next, job: { ...job, provided: true } }));
};
harden(provided);

/**
 * The provider could not. If the hob is there all the same, the machine is well: only the job is closed.
 */
export const refused = (progress: Progress, number: number, failure: Omit<Failure, 'in'>): Progress => {
  if (!isOpen(progress, number)) return progress;
  const { state, jobs } = progress;
  if (state === 'enrolled' || state === 'ready') return harden({ ...progress, job: null });
  return harden({ state: 'failed', failure: { in: state, ...failure }, job: null, jobs });
};
harden(refused);

/** Where the hob is awaited, or was given up. A stopped machine stays so, whoever turns up: that was decided, not observed. */
const isOpenToLife = ({ state, failure }: Progress): boolean =>
  awaited.includes(state) || state === 'enrolled' || (failure !== null && awaited.includes(failure.in));

/**
 * The hob was enrolled, or a session of it begins: evidence, that also ends a failure to bring it up. `current`: it has said how things are
 * with the newest desired state, or there is none.
 */
export const arrived = (progress: Progress, current: boolean): Progress => {
  const { state, job, jobs } = progress;
  if (!isOpenToLife(progress) || (state === 'enrolled' && !current)) return progress;
  return closeIfDone(harden({ state: current ? 'ready' : 'enrolled', failure: null, job, jobs }));
};
harden(arrived);

/** The hob has said how things are with the newest desired state. */
export const reported = (progress: Progress): Progress =>
  progress.state === 'enrolled' ? closeIfDone(harden({ ...progress, state: 'ready' })) : progress;
harden(reported);

/** The hob was not heard of in time. */
export const overdue = (progress: Progress, now: number): Progress => {
  const { state, job, jobs } = progress;
  if (job === null || job.deadline === null || now < job.deadline || !awaited.includes(state)) return progress;
  const [code, message] =
    job.task === 'create'
      ? (['ENROLMENT_EXPIRED', 'its hob did not enrol before the enrolment locator expired'] as const)
      : (['HOB_UNREACHABLE', 'its hob did not connect in time'] as const);
  const hint = 'start it to try again, or destroy it';
  return harden({ state: 'failed', failure: { in: state, code, message, hint }, job: null, jobs });
};
harden(overdue);

/** Dropped by its boss. */
export const forgotten = ({ jobs }: Progress): Progress => harden({ state: 'gone', failure: null, job: null, jobs });
harden(forgotten);
