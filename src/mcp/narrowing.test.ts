import { describe, expect, it } from 'vitest';
import { EVERYWHERE, tools, toolsets } from '../tools/index.ts';
import { createNarrower, hiddenBy, type Narrowing } from './narrowing.ts';

const narrower = createNarrower(toolsets, EVERYWHERE);
const byUrl = (query: string) => narrower.byQuery(new URLSearchParams(query));
const offered = (narrowing: Narrowing) =>
  tools.filter((tool) => hiddenBy(narrowing, tool) === undefined).map(({ name }) => name);
const namesOf = (...sets: (keyof typeof toolsets)[]) => sets.flatMap((set) => toolsets[set].map(({ name }) => name));
const READING = tools.filter(({ effect }) => effect === 'read').map(({ name }) => name);

describe('a narrowing', () => {
  it('of nothing offers everything', () => {
    expect(offered(byUrl(''))).toEqual(tools.map(({ name }) => name));
    expect(narrower.byEnvironment({ readOnly: false })).toEqual([]);
  });

  it.each(Object.keys(toolsets) as (keyof typeof toolsets)[])('to %s offers that and the gateway itself', (set) => {
    const expected = set === EVERYWHERE ? namesOf(set) : namesOf(set, EVERYWHERE);
    expect(offered(byUrl(`toolsets=${set}`))).toEqual(expected);
    expect(offered(narrower.byEnvironment({ toolsets: [set] }))).toEqual(expected);
  });

  it('to several sets offers them all, in any order, case and spacing', () => {
    const expected = namesOf('power', 'snapshots', EVERYWHERE);
    for (const written of ['snapshots,power', 'Power,%20SNAPSHOTS', 'power,power,snapshots']) {
      expect(offered(byUrl(`toolsets=${written}`))).toEqual(expected);
    }
  });

  it.each(['read_only=true', 'read_only=1', 'read_only=TRUE'])('by ?%s leaves what reads', (query) => {
    expect(offered(byUrl(query))).toEqual(READING);
  });

  it('by the environment is what no URL undoes', () => {
    const own = narrower.byEnvironment({ toolsets: ['power', 'disks'], readOnly: true });
    for (const query of ['', 'toolsets=lifecycle', 'toolsets=power&read_only=false', 'read_only=false']) {
      const both = offered([...own, ...byUrl(query)]);
      expect(offered(own)).toEqual(expect.arrayContaining(both));
      expect(both.filter((name) => !READING.includes(name))).toEqual([]);
    }
    expect(offered([...own, ...byUrl('toolsets=lifecycle')])).toEqual(
      namesOf(EVERYWHERE).filter((name) => READING.includes(name)),
    );
  });

  it.each([
    ['toolsets=powr', /no toolset "powr"\. Is power meant\? There are lifecycle, power, /],
    ['toolsets=', /no toolset ""/],
    ['toolsets=power,,disks', /no toolset ""/],
    ['toolsets=__proto__', /no toolset "__proto__"/],
    ['toolsets=constructor', /no toolset/],
    ['toolsets=%1b%5b2J%0apower', /no toolset "\[2j power"/],
    [`toolsets=${'x'.repeat(10_000)}`, /^toolsets: there is no toolset "x{40}…"/],
    ['toolsets=power&toolsets=disks', /toolsets stands twice/],
    ['read_only=true&read_only=false', /read_only stands twice/],
    ['read_only=yes', /must be true or false/],
    ['read_only=', /must be true or false/],
    ['read-only=true', /"read-only" is no parameter.*read_only/],
    ['readonly=true', /is read_only meant/],
    ['READ_ONLY=true', /is read_only meant/],
    ['toolset=power', /is toolsets meant/],
  ])('by ?%s is refused, since it would offer more than was meant', (query, says) => {
    expect(() => byUrl(query)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => byUrl(query)).toThrow(says);
  });

  it('leaves alone what others put into URLs', () => {
    expect(byUrl('utm_source=mail&v=2')).toEqual([]);
  });

  it('of an unknown set by the environment is a fault of the configuration', () => {
    expect(() => narrower.byEnvironment({ toolsets: ['power', 'snapshot'] })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(/^MCP_TOOLSETS: there is no toolset "snapshot"\. Is snapshots meant\?/),
      }),
    );
  });

  it('says what hides a tool and what it leaves', () => {
    const tool = toolsets.power[0];
    expect(hiddenBy(byUrl('toolsets=disks'), tool)).toBe(
      'power_on is not offered here: ?toolsets=disks leaves the tools of disks, gateway. It is in the URL of this connection, which can be changed there.',
    );
    expect(hiddenBy(narrower.byEnvironment({ readOnly: true }), tool)).toBe(
      'power_on is not offered here: MCP_READ_ONLY=true leaves the tools that only read. Your operator has set it.',
    );
  });
});
