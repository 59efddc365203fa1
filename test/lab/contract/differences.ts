/**
 * Where the lab and vcsim answer otherwise, and why that is right. An entry whose answers have become the same fails
 * its test: the list holds what is true now.
 */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  'read a property that no VM has': 'vCenter answers with InvalidProperty; vcsim leaves the property out.',
  'read a property that no field has': 'vCenter answers with InvalidProperty; vcsim leaves the property out.',
  'read an empty path': 'vCenter answers with InvalidProperty; vcsim takes no path for none.',
  'go on at a page that never was': 'vCenter documents InvalidArgument for a token that it does not know.',
  'wait for a change of a name': 'In vCenter the summary of a VM changes with what it sums up; in vcsim it stays.',
  'wait from a version that never was': 'vCenter answers with InvalidCollectorVersion; vcsim begins anew.',
  'what a task tells of itself': 'vCenter names the entity by its name; vcsim by its id.',
  'what events a VM leaves':
    'vCenter gives the oldest first, posts one for each task, and those of its own class for what DRS places.',
  'what fields an event has': 'vcsim names a datastore in every event of a VM; vCenter in those about files.',
  'what devices a new VM has': 'vCenter numbers SCSI controllers from 1000 and their disks from 2000.',
  'what labels its disk and controller have': 'vCenter says `Hard disk 1`, and what controllers hang on.',
  'create a VM of a name that is taken': 'In vCenter a name is taken in its folder; vcsim makes the second one.',
  'rename a VM to a name that is taken': 'vCenter documents DuplicateName.',
  'mark as template, and power that on': 'vCenter documents NotSupported for a template.',
  'reconfigure by an old version': 'vCenter refuses by ConcurrentAccess; vcsim does not look at changeVersion.',
  'remove a device that is not there': 'vCenter refuses the device; vcsim passes over it.',
  'rename a folder to nothing': 'vCenter documents InvalidName; vcsim takes an empty name.',
};
