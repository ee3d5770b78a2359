/** What a hob does for each resource type that ships: one for each in src/protocol/resources/shipped.ts. */
import type { ShippedType } from '../../protocol/resources/shipped.ts';
import type { ResourceType } from './contract.ts';
import { authorizedKeyType } from './authorized-key.ts';
import { cronType } from './cron.ts';
import { directoryType } from './directory.ts';
import { execType } from './exec.ts';
import { fileType } from './file.ts';
import { groupType } from './group.ts';
import { hostnameType } from './hostname.ts';
import { lineType } from './line.ts';
import { noopType } from './noop.ts';
import { packageType } from './package.ts';
import { repositoryType } from './repository.ts';
import { serviceType } from './service.ts';
import { symlinkType } from './symlink.ts';
import { sysctlType } from './sysctl.ts';
import { unitType } from './unit.ts';
import { userType } from './user.ts';

export const shippedTypes = {
  'authorized-key': authorizedKeyType,
  cron: cronType,
  directory: directoryType,
  exec: execType,
  file: fileType,
  group: groupType,
  hostname: hostnameType,
  line: lineType,
  noop: noopType,
  package: packageType,
  repository: repositoryType,
  service: serviceType,
  symlink: symlinkType,
  sysctl: sysctlType,
  unit: unitType,
  user: userType,
} as const satisfies Readonly<Record<ShippedType, ResourceType>>;
harden(shippedTypes);
