/** What can be done to a VM, a file per subject. */
import type { MethodTable } from '../core/method.ts';
import { cloneMethods } from './clone.ts';
import { consoleMethods } from './console.ts';
import { createMethods } from './create.ts';
import { guestPowerMethods } from './guest-power.ts';
import { powerMethods } from './power.ts';
import { reconfigureMethods } from './reconfigure.ts';
import { refreshMethods } from './refresh.ts';
import { relocateMethods } from './relocate.ts';
import { vmSnapshotMethods } from './snapshot-methods.ts';
import { templateMethods } from './template.ts';
import { toolsInstallerMethods } from './tools-installer.ts';
import { registerMethods, unregisterMethods } from './unregister.ts';

export const vmMethods: readonly MethodTable[] = [
  powerMethods,
  guestPowerMethods,
  reconfigureMethods,
  vmSnapshotMethods,
  cloneMethods,
  relocateMethods,
  templateMethods,
  unregisterMethods,
  consoleMethods,
  toolsInstallerMethods,
  refreshMethods,
];

/** What a folder for VMs does with them. */
export const vmFolderMethods: readonly MethodTable[] = [createMethods, registerMethods];
