/** The address in an enrolment locator: where the hob that is given it dials, then and ever after. */
import { makeError } from '../../errors/gobs-error.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/;
const SHAPE = /^(gobs:\/\/([a-z2-7]{52})\.tls\/s\/[^?]*)\?.*$/;

const unreadable = (): Error => makeError('BAD_SPEC', 'the enrolment locator is none that this provider understands');

/** The boss that it is of. Throws BAD_SPEC, which quotes nothing. */
export const bossOf = (locator: string): string => {
  const [, , boss] = SHAPE.exec(locator) ?? [];
  if (boss === undefined) throw unreadable();
  return boss;
};
harden(bossOf);

/** The same, for one who reaches its boss at this port of its own loopback interface. */
export const atLoopback = (locator: string, port: number): string => {
  const [, beginning] = SHAPE.exec(locator) ?? [];
  if (beginning === undefined) throw unreadable();
  return `${beginning}?host=127.0.0.1&port=${port}`;
};
harden(atLoopback);

/** Does this name of a host, or address, stay on the host where it is used? */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
harden(isLoopback);

/** Does it lead nowhere but to the host of the boss itself? */
export const staysAtBoss = (locator: string): boolean => {
  const at = locator.indexOf('?');
  return at >= 0 && isLoopback(new URLSearchParams(locator.slice(at)).get('host') ?? '');
};
harden(staysAtBoss);
