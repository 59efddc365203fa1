/** The people of the company: who may log in, and the groups they are in. Everything can change at run time. */
import { createHash } from 'node:crypto';
import type { GroupShape } from './group-shapes.ts';

/** Everybody's password. */
export const PASSWORD = 'lab';

export interface Person {
  /** The login name, and `preferred_username`. */
  readonly name: string;
  readonly sub: string;
  readonly email: string;
  groups: readonly string[];
  /** How this person's groups are written, where it differs from everybody's. */
  shape?: GroupShape;
  state: PersonState;
}

/**
 * A disabled person cannot log in. Whether refresh tokens go on working differs between providers, and a deleted
 * person has none.
 */
export type PersonState = 'active' | 'disabled' | 'disabled_but_refreshing' | 'deleted';

export interface People {
  /** @throws Error where nobody has that name */
  get(name: string): Person;
  bySub(sub: string): Person | undefined;
  add(name: string, groups: readonly string[]): Person;
  all(): readonly Person[];
  /** Everybody active, in the groups that they began with, written as everybody's. */
  restore(): void;
}

const FIRST: Readonly<Record<string, readonly string[]>> = {
  reader: ['vsphere-readers'],
  operator: ['vsphere-operators'],
  admin: ['vsphere-admins'],
  'host-admin': ['vsphere-host-admins'],
  'super-admin': ['vsphere-super-admins'],
  guest: [],
};

export function createPeople(): People {
  const people = new Map<string, Person>();
  const began = new Map<string, readonly string[]>();

  function add(name: string, groups: readonly string[]): Person {
    const person: Person = { name, sub: subjectOf(name), email: `${name}@lab.example`, groups, state: 'active' };
    people.set(name, person);
    began.set(name, groups);
    return person;
  }

  for (const [name, groups] of Object.entries(FIRST)) add(name, groups);
  return {
    add,
    get(name) {
      const person = people.get(name);
      if (person === undefined) throw new Error(`nobody is called ${name}`);
      return person;
    },
    bySub: (sub) => [...people.values()].find((person) => person.sub === sub),
    all: () => [...people.values()],
    restore() {
      for (const person of people.values()) {
        person.state = 'active';
        person.groups = began.get(person.name) ?? [];
        delete person.shape;
      }
    },
  };
}

/** The same at every start, and nothing that a person would recognize, as real providers have it. */
function subjectOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [8, 4, 4, 4, 12].map((length, index, all) => hex.slice(sum(all, index), sum(all, index) + length)).join('-');
}

function sum(lengths: readonly number[], end: number): number {
  return lengths.slice(0, end).reduce((total, length) => total + length, 0);
}
