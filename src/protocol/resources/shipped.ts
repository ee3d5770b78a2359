/** The one list of the resource types that gobs ships. The hob's side of each is in src/hob/resources/shipped.ts. */
import type { ResourceDefinition } from './definition.ts';
import { authorizedKeyDefinition } from './authorized-key.ts';
import { cronDefinition } from './cron.ts';
import { directoryDefinition } from './directory.ts';
import { execDefinition } from './exec.ts';
import { fileDefinition } from './file.ts';
import { groupDefinition } from './group.ts';
import { hostnameDefinition } from './hostname.ts';
import { lineDefinition } from './line.ts';
import { noopDefinition } from './noop.ts';
import { packageDefinition } from './package.ts';
import { repositoryDefinition } from './repository.ts';
import { serviceDefinition } from './service.ts';
import { symlinkDefinition } from './symlink.ts';
import { sysctlDefinition } from './sysctl.ts';
import { unitDefinition } from './unit.ts';
import { userDefinition } from './user.ts';

export const shippedDefinitions = {
  'authorized-key': authorizedKeyDefinition,
  cron: cronDefinition,
  directory: directoryDefinition,
  exec: execDefinition,
  file: fileDefinition,
  group: groupDefinition,
  hostname: hostnameDefinition,
  line: lineDefinition,
  noop: noopDefinition,
  package: packageDefinition,
  repository: repositoryDefinition,
  service: serviceDefinition,
  symlink: symlinkDefinition,
  sysctl: sysctlDefinition,
  unit: unitDefinition,
  user: userDefinition,
} as const satisfies Readonly<Record<string, ResourceDefinition>>;
harden(shippedDefinitions);

export type ShippedType = keyof typeof shippedDefinitions;

export type ResourceDefinitions = Readonly<Record<string, ResourceDefinition>>;
