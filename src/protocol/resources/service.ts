/**
 * A unit of systemd that others brought: does it run, does it start with the host, may it start at all? What is left out stays as it is. When
 * something that has it in `notify` was changed, it is restarted or reloaded, if it runs.
 */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { booleanRule } from './property-rules.ts';
import { serviceNameRule } from './unit-name.ts';

export interface ServiceResource extends Resource {
  readonly type: 'service';
  /** `nginx` for nginx.service; another unit with its type: `logrotate.timer`. */
  readonly name: string;
  readonly enabled?: boolean;
  readonly running?: boolean;
  readonly masked?: boolean;
  /** Left out: restart. */
  readonly 'on-notify'?: 'restart' | 'reload';
}

const onNotifyRule: PropertyRule = (value) =>
  value === 'restart' || value === 'reload' ? undefined : `must be restart or reload, not ${quoted(value)}`;

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { masked, enabled, running } = resource as ServiceResource;
  if (masked !== true) return undefined;
  if (enabled === true) return { property: 'enabled', message: 'must not stand beside masked: true' };
  return running === true ? { property: 'running', message: 'must not stand beside masked: true' } : undefined;
};

export const serviceDefinition = {
  type: 'service',
  required: { name: serviceNameRule },
  optional: { enabled: booleanRule, running: booleanRule, masked: booleanRule, 'on-notify': onNotifyRule },
  effect: (resource: Resource) => (resource as ServiceResource)['on-notify'] ?? 'restart',
  conflict,
  about: (resource: Resource) => (resource as ServiceResource).name,
} as const satisfies ResourceDefinition;
harden(serviceDefinition);
