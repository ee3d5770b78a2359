/** What a doctor finds, and what it means for the exit code. Pure. */
import { printable } from '../../protocol/printable.ts';
import type { Facts, MachineStatus, Refusal } from '../../protocol/shapes.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { age, moment } from '../tables.ts';
import { conditionOf, whyOf } from './status.ts';

/** One line, and what to do. */
export interface Finding {
  /** `here`: of this boss, or this host; else the name of a machine. */
  readonly about: string;
  readonly code: string;
  readonly what: string;
  readonly hint: string;
}

/** Something here: 1; else of some machine: 3. */
export const doctorExit = (findings: readonly Finding[]): ExitCode => {
  if (findings.some(({ about }) => about === 'here')) return exitCodes.failed;
  return findings.length > 0 ? exitCodes.partly : exitCodes.done;
};
harden(doctorExit);

export const findingText = ({ about, code, what, hint }: Finding): string =>
  [`${about}: ${code}: ${what}`, `  hint: ${hint}`].map(printable).join('\n');
harden(findingText);

const hints: Readonly<Record<string, (name: string) => string>> = harden({
  failed: (name) => `gobs logs ${name}, then gobs machine start ${name}, or destroy it`,
  unreachable: (name) => `look at its host, or gobs machine start ${name}`,
  held: (name) => `gobs machine show ${name}, then gobs machine confirm ${name}, or forget it`,
  broken: (name) => `gobs drift ${name} --cached`,
  unknown: (name) => `gobs drift ${name} --cached`,
  drifted: (name) => `gobs drift ${name}, then gobs converge ${name}`,
  behind: (name) => `gobs logs ${name}`,
});

/** Of a machine that is not as it should be; what is stopped, or on its way, is. */
export const machineFinding = (status: MachineStatus, now: number): readonly Finding[] => {
  const condition = conditionOf(status);
  const hint = Object.hasOwn(hints, condition) ? hints[condition] : undefined;
  if (hint === undefined) return [];
  return [{ about: status.name, code: condition, what: whyOf(status, condition, now), hint: hint(status.name) }];
};
harden(machineFinding);

/** Milliseconds: a report on its way is as old as that. */
const SKEW = 5 * 60_000;
const SCARCE = 0.05;

/** `at`: of a report, by the hob's clock; `receivedAt`: by the boss's. */
export const clockFinding = (name: string, at: number, receivedAt: number): readonly Finding[] => {
  const ahead = at - receivedAt;
  if (Math.abs(ahead) < SKEW) return [];
  return [
    {
      about: name,
      code: 'clock',
      what: `when the boss's clock said ${moment(receivedAt)}, its host's said ${moment(at)}`,
      hint: 'let both set their clocks (NTP); or the report was long on its way',
    },
  ];
};
harden(clockFinding);

/** Of the same version as the boss and this program are? */
export const factsFindings = (name: string, facts: Facts, version: string): readonly Finding[] => {
  const { disk, hob } = facts;
  return [
    ...(disk.total > 0 && disk.free / disk.total < SCARCE
      ? [
          {
            about: name,
            code: 'disk',
            what: `${Math.floor((100 * disk.free) / disk.total)} % of its disk is free`,
            hint: `make room: gobs exec ${name} -- df -h`,
          },
        ]
      : []),
    ...(hob === version
      ? []
      : [
          {
            about: name,
            code: 'version',
            what: `its hob is version ${hob}, this is ${version}`,
            hint: 'upgrade it, or this',
          },
        ]),
  ];
};
harden(factsFindings);

const RECENT = 24 * 60 * 60_000;

export const refusalFindings = (refusals: readonly Refusal[], now: number): readonly Finding[] =>
  refusals
    .filter(({ at }) => now - at < RECENT)
    .map(({ machine, code, times, address, at }) => ({
      about: machine,
      code: 'turned away',
      what: `somebody at ${address} wanted to be its hob, ${times} ${times === 1 ? 'time' : 'times'}, last ${age(at, now)}: ${code}`,
      hint: `gobs logs ${machine}; a copy of its directory, or a locator in wrong hands`,
    }));
harden(refusalFindings);
