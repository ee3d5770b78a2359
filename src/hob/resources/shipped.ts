/** What a hob does for each resource type that ships: one for each in src/protocol/resources/shipped.ts. */
import type { ShippedType } from '../../protocol/resources/shipped.ts';
import type { ResourceType } from './contract.ts';
import { directoryType } from './directory.ts';
import { fileType } from './file.ts';
import { lineType } from './line.ts';
import { noopType } from './noop.ts';
import { packageType } from './package.ts';
import { serviceType } from './service.ts';
import { symlinkType } from './symlink.ts';
import { unitType } from './unit.ts';

export const shippedTypes = {
  directory: directoryType,
  file: fileType,
  line: lineType,
  noop: noopType,
  package: packageType,
  service: serviceType,
  symlink: symlinkType,
  unit: unitType,
} as const satisfies Readonly<Record<ShippedType, ResourceType>>;
harden(shippedTypes);
