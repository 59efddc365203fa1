/** What can be done to a VM, a file per subject. */
import type { MethodTable } from '../core/method.ts';
import { guestPowerMethods } from './guest-power.ts';
import { powerMethods } from './power.ts';
import { reconfigureMethods } from './reconfigure.ts';
import { vmSnapshotMethods } from './snapshot-methods.ts';

export const vmMethods: readonly MethodTable[] = [
  powerMethods,
  guestPowerMethods,
  reconfigureMethods,
  vmSnapshotMethods,
];
