/** Names of systemd's units (systemd.unit(5), "Unit File Name"). Pure. */
import { quoted } from '../plain-text.ts';
import type { PropertyRule } from './definition.ts';

const TYPES = 'service|socket|mount|automount|swap|target|path|timer|slice|scope';
// What systemd escapes with a backslash is left out: nobody writes such names by hand.
const NAME = new RegExp(`^[A-Za-z0-9:_.][A-Za-z0-9:_.-]*(@[A-Za-z0-9:_.-]*)?[.](${TYPES})$`);
const LONGEST = 255;

const isUnitName = (text: string): boolean => text.length <= LONGEST && NAME.test(text);

/** With its type: `nginx.service`. A template, `app@.service`, is one. */
export const unitNameRule: PropertyRule = (value) =>
  typeof value === 'string' && isUnitName(value)
    ? undefined
    : `must be the name of a unit with its type, such as "app.service", not ${quoted(value)}`;
harden(unitNameRule);

/** Of what a `service` looks after: `nginx` for `nginx.service`, `logrotate.timer` for another type. */
export const unitOfService = (name: string): string =>
  new RegExp(`[.](${TYPES})$`).test(name) ? name : `${name}.service`;
harden(unitOfService);

/** One spelling only, so that two resources for one unit are seen. */
export const serviceNameRule: PropertyRule = (value) => {
  if (typeof value === 'string' && isUnitName(unitOfService(value)) && !unitOfService(value).includes('@.')) {
    return value.endsWith('.service') ? `must be without ".service", not ${quoted(value)}` : undefined;
  }
  return `must be the name of a service, such as "nginx", or of another unit, such as "logrotate.timer", not ${quoted(value)}`;
};
harden(serviceNameRule);
