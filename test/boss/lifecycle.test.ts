import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import {
  accepted,
  arrived,
  forgotten,
  isDoomed,
  nothingYet,
  overdue,
  provided,
  refused,
  reported,
  requireForgettable,
  take,
  taskFor,
  type Progress,
  type Situation,
} from '../../src/boss/lifecycle.ts';
import type { LifecycleState } from '../../src/protocol/shapes.ts';

const failure = { code: 'PROVIDER_FAILED', message: 'no' };
const requested = take(nothingYet, 'create', 100);
const creating = accepted(requested, 1);
const booting = provided(creating, 1);
const enrolled = arrived(booting, false);
const readied = reported(enrolled);
const stopping = take(readied, 'stop', null);
const stopped = provided(stopping, 2);
const starting = take(stopped, 'start', 200);
const destroying = take(readied, 'destroy', null);
const gone = provided(destroying, 2);
const failedWhile = (progress: Progress) => refused(progress, progress.job!.number, failure);

const all: Readonly<Record<string, Progress>> = {
  requested,
  creating,
  booting,
  enrolled,
  ready: readied,
  stopping,
  stopped,
  starting,
  destroying,
  'failed while requested': failedWhile(requested),
  'failed while creating': failedWhile(creating),
  'failed while booting': overdue(booting, 100),
  'failed while starting': failedWhile(starting),
  'failed while stopping': failedWhile(stopping),
  'failed while destroying': failedWhile(destroying),
};

describe('the way of a machine', () => {
  test('goes through its states in order', () => {
    const states = [requested, creating, booting, enrolled, readied, stopping, stopped, starting, destroying, gone];
    expect(states.map(({ state }) => state)).toEqual([
      'requested',
      'creating',
      'booting',
      'enrolled',
      'ready',
      'stopping',
      'stopped',
      'starting',
      'destroying',
      'gone',
    ]);
  });

  test('has an open job as long as there is something to do for its provider, or its hob is awaited', () => {
    const open = Object.entries(all).filter(([, { job }]) => job !== null);
    expect(open.map(([name]) => name)).toEqual([
      'requested',
      'creating',
      'booting',
      'stopping',
      'starting',
      'destroying',
    ]);
    expect(gone.job).toBe(null);
  });

  test('fails where it stood, and says there', () => {
    for (const [name, { state, failure: told }] of Object.entries(all)) {
      if (!name.startsWith('failed')) continue;
      expect(state).toBe('failed');
      expect(`failed while ${told!.in}`).toBe(name);
    }
  });

  test('waits for the hob and for the provider, whichever comes first', () => {
    const early = arrived(creating, true);
    expect(early).toMatchObject({ state: 'ready', job: { task: 'create' } });
    expect(provided(early, 1)).toMatchObject({ state: 'ready', job: null });
    expect(arrived(booting, true)).toMatchObject({ state: 'ready', job: null });
  });

  test('does not end because a provider failed whose hob is there', () => {
    expect(refused(arrived(creating, true), 1, failure)).toMatchObject({ state: 'ready', failure: null, job: null });
  });

  test('is not moved by the outcome of an older job', () => {
    const doomed = take(creating, 'destroy', null);
    for (const late of [accepted(doomed, 1), provided(doomed, 1), refused(doomed, 1, failure)]) {
      expect(late).toBe(doomed);
    }
    expect(provided(doomed, 2).state).toBe('gone');
  });

  test('is overdue at its deadline, where the hob is awaited, and nowhere else', () => {
    for (const [name, progress] of Object.entries(all)) {
      const awaits = ['requested', 'creating', 'booting', 'starting'].includes(name);
      expect(overdue(progress, 99), name).toBe(progress);
      expect(overdue(progress, 200).failure?.code, name).toBe(
        awaits ? (name === 'starting' ? 'HOB_UNREACHABLE' : 'ENROLMENT_EXPIRED') : progress.failure?.code,
      );
    }
  });

  test('is healed by a hob that comes after all, but a decision to stop or destroy is not undone by it', () => {
    const outcome = Object.entries(all).map(([name, progress]) => [name, arrived(progress, true).state]);
    expect(Object.fromEntries(outcome)).toEqual({
      requested: 'ready',
      creating: 'ready',
      booting: 'ready',
      enrolled: 'ready',
      ready: 'ready',
      stopping: 'stopping',
      stopped: 'stopped',
      starting: 'ready',
      destroying: 'destroying',
      'failed while requested': 'ready',
      'failed while creating': 'ready',
      'failed while booting': 'ready',
      'failed while starting': 'ready',
      'failed while stopping': 'failed',
      'failed while destroying': 'failed',
    });
  });
});

/** What each request leads to in each state: a task, nothing (`-`), or a refusal. */
const answer = (asked: 'start' | 'stop' | 'destroy', progress: Progress, situation: Partial<Situation>): string => {
  try {
    return taskFor(asked, progress, { name: 'web1', enrolled: true, online: false, ...situation }) ?? '-';
  } catch (error) {
    return codeOf(error);
  }
};

describe('what can be asked of a machine', () => {
  test('is this', () => {
    const table = Object.entries(all).map(([name, progress]) => [
      name,
      (['start', 'stop', 'destroy'] as const).map((asked) => answer(asked, progress, {})).join(' '),
    ]);
    expect(Object.fromEntries(table)).toEqual({
      requested: '- MACHINE_BUSY destroy',
      creating: '- MACHINE_BUSY destroy',
      booting: 'start stop destroy',
      enrolled: 'start stop destroy',
      ready: 'start stop destroy',
      stopping: 'start - destroy',
      stopped: 'start - destroy',
      starting: '- stop destroy',
      destroying: 'MACHINE_BUSY MACHINE_BUSY -',
      'failed while requested': 'start stop destroy',
      'failed while creating': 'start stop destroy',
      'failed while booting': 'start stop destroy',
      'failed while starting': 'start stop destroy',
      'failed while stopping': 'start stop destroy',
      'failed while destroying': 'MACHINE_BUSY MACHINE_BUSY destroy',
    });
  });

  test('starts what is online only if it is not as it should be', () => {
    expect(answer('start', readied, { online: true })).toBe('-');
    expect(answer('start', enrolled, { online: true })).toBe('-');
    expect(answer('start', all['failed while stopping']!, { online: true })).toBe('start');
  });

  test('makes what was never enrolled', () => {
    expect(answer('start', booting, { enrolled: false })).toBe('create');
    expect(answer('start', all['failed while creating']!, { enrolled: false })).toBe('create');
    expect(answer('start', stopped, { enrolled: false })).toBe('create');
  });

  test('forgets it, unless its hob is there or its provider is bringing it up', () => {
    const mayForget = (progress: Progress, online: boolean): boolean => {
      try {
        requireForgettable(progress, { name: 'web1', enrolled: true, online });
        return true;
      } catch (error) {
        expect(codeOf(error)).toBe('MACHINE_BUSY');
        return false;
      }
    };
    const refusedFor = Object.entries(all).filter(([, progress]) => !mayForget(progress, false));
    expect(refusedFor.map(([name]) => name)).toEqual(['requested', 'creating', 'starting']);
    expect(mayForget(readied, true)).toBe(false);
    expect(forgotten(readied)).toMatchObject({ state: 'gone', job: null });
  });
});

describe('any sequence of events', () => {
  const number = fc.integer({ min: 1, max: 6 });
  const ask = (asked: 'start' | 'stop' | 'destroy', enrolledHob: boolean, online: boolean) => (progress: Progress) => {
    if (progress.state === 'gone') return progress;
    try {
      const task = taskFor(asked, progress, { name: 'x', enrolled: enrolledHob, online });
      return task === undefined ? progress : take(progress, task, task === 'start' || task === 'create' ? 50 : null);
    } catch {
      return progress;
    }
  };
  type Event = (progress: Progress) => Progress;
  const event = fc.oneof(
    fc
      .tuple(fc.constantFrom('start', 'stop', 'destroy'), fc.boolean(), fc.boolean())
      .map((args) => ask(...(args as [never, boolean, boolean]))),
    number.map(
      (n: number): Event =>
        (progress) =>
          accepted(progress, n),
    ),
    number.map(
      (n: number): Event =>
        (progress) =>
          provided(progress, n),
    ),
    number.map(
      (n: number): Event =>
        (progress) =>
          refused(progress, n, failure),
    ),
    fc.boolean().map(
      (current: boolean): Event =>
        (progress) =>
          arrived(progress, current),
    ),
    fc.constant(reported),
    fc.integer({ min: 0, max: 100 }).map(
      (now: number): Event =>
        (progress) =>
          overdue(progress, now),
    ),
  );

  test('keeps state, failure and job in step, and never comes back from destroying', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let progress = requested;
        for (const next of events) {
          const before: LifecycleState = progress.state;
          const wasDoomed = isDoomed(progress);
          progress = next(progress);
          expect(progress.failure === null).toBe(progress.state !== 'failed');
          expect(progress.job?.number ?? progress.jobs).toBe(progress.jobs);
          const awaitsNothing = ['stopped', 'failed', 'gone'].includes(progress.state);
          if (awaitsNothing) expect(progress.job).toBe(null);
          if (['requested', 'creating', 'booting', 'starting', 'stopping', 'destroying'].includes(progress.state)) {
            expect(progress.job).not.toBe(null);
          }
          if (before === 'gone') expect(progress.state).toBe('gone');
          if (wasDoomed) expect(isDoomed(progress)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
