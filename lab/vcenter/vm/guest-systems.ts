/** The operating systems that the lab's VMs run. */

export interface GuestSystem {
  /** VirtualMachineGuestOsIdentifier */
  readonly id: string;
  readonly fullName: string;
  readonly family: 'linuxGuest' | 'windowsGuest' | 'otherGuestFamily';
  readonly firmware: 'bios' | 'efi';
}

const SYSTEMS: readonly GuestSystem[] = [
  { id: 'ubuntu64Guest', fullName: 'Ubuntu Linux (64-bit)', family: 'linuxGuest', firmware: 'efi' },
  { id: 'debian12_64Guest', fullName: 'Debian GNU/Linux 12 (64-bit)', family: 'linuxGuest', firmware: 'efi' },
  { id: 'debian11_64Guest', fullName: 'Debian GNU/Linux 11 (64-bit)', family: 'linuxGuest', firmware: 'bios' },
  { id: 'rhel9_64Guest', fullName: 'Red Hat Enterprise Linux 9 (64-bit)', family: 'linuxGuest', firmware: 'efi' },
  { id: 'rhel8_64Guest', fullName: 'Red Hat Enterprise Linux 8 (64-bit)', family: 'linuxGuest', firmware: 'efi' },
  { id: 'sles15_64Guest', fullName: 'SUSE Linux Enterprise 15 (64-bit)', family: 'linuxGuest', firmware: 'efi' },
  { id: 'centos7_64Guest', fullName: 'CentOS 7 (64-bit)', family: 'linuxGuest', firmware: 'bios' },
  { id: 'other5xLinux64Guest', fullName: 'Other 5.x Linux (64-bit)', family: 'linuxGuest', firmware: 'bios' },
  { id: 'otherLinux64Guest', fullName: 'Other Linux (64-bit)', family: 'linuxGuest', firmware: 'bios' },
  {
    id: 'windows2019srvNext_64Guest',
    fullName: 'Microsoft Windows Server 2022 (64-bit)',
    family: 'windowsGuest',
    firmware: 'efi',
  },
  {
    id: 'windows2019srv_64Guest',
    fullName: 'Microsoft Windows Server 2019 (64-bit)',
    family: 'windowsGuest',
    firmware: 'efi',
  },
  {
    id: 'windows9Server64Guest',
    fullName: 'Microsoft Windows Server 2016 (64-bit)',
    family: 'windowsGuest',
    firmware: 'bios',
  },
  { id: 'windows11_64Guest', fullName: 'Microsoft Windows 11 (64-bit)', family: 'windowsGuest', firmware: 'efi' },
  { id: 'freebsd13_64Guest', fullName: 'FreeBSD 13 (64-bit)', family: 'otherGuestFamily', firmware: 'bios' },
  { id: 'otherGuest64', fullName: 'Other (64-bit)', family: 'otherGuestFamily', firmware: 'bios' },
  { id: 'otherGuest', fullName: 'Other (32-bit)', family: 'otherGuestFamily', firmware: 'bios' },
];

const byId = new Map(SYSTEMS.map((system) => [system.id, system]));

/** An identifier that the lab does not know is taken by its looks, as a client may say any of some two hundred. */
export function guestSystem(id: string): GuestSystem {
  const family = /^win/i.test(id)
    ? 'windowsGuest'
    : /linux|debian|ubuntu|rhel|centos|sles|fedora|photon|rocky|alma/i.test(id)
      ? 'linuxGuest'
      : 'otherGuestFamily';
  return byId.get(id) ?? { id, fullName: id.replace(/(?:_?64)?Guest$/, ''), family, firmware: 'bios' };
}

export function guestSystems(): readonly GuestSystem[] {
  return SYSTEMS;
}
