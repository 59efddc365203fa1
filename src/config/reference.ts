/** What people read about the options, made from the options themselves. */
import { CATEGORIES, defaultOf, metaOf, type OptionMeta } from './option.ts';
import { OPTION_NAMES, type OptionName, options } from './options.ts';

interface Entry {
  readonly name: OptionName;
  readonly meta: OptionMeta;
  readonly defaultText: string | undefined;
}

function byCategory(): [title: string, entries: Entry[]][] {
  return Object.entries(CATEGORIES).map(([category, title]) => [
    title,
    OPTION_NAMES.map((name): Entry => {
      const schema = options.shape[name];
      return { name, meta: metaOf(schema), defaultText: defaultOf(schema) };
    }).filter(({ meta }) => meta.category === category),
  ]);
}

/** The content of `.env.example`: every option, commented out, with its default or an example. */
export function renderEnvExample(): string {
  const lines = [
    '# Every option of mcvsphere. Generated from the code: change the options there.',
    '# Copy to .env, uncomment and fill in what you need, start with `node --env-file=.env dist/main.js serve`.',
    '# An empty value counts as not set.',
  ];
  for (const [title, entries] of byCategory()) {
    lines.push('', `## ${title}`);
    for (const { name, meta, defaultText } of entries) {
      lines.push('', ...wrap(meta.description).map((line) => `# ${line}`));
      if (meta.otherwise !== undefined) lines.push(`# Default: ${meta.otherwise}.`);
      if (meta.numbered) lines.push(`# Further hosts: ${name}_1, ${name}_2, …`);
      if (meta.secret) lines.push(`# Or name a file that holds it: ${name}_FILE=`);
      lines.push(`#${name}=${defaultText ?? meta.example ?? ''}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The reference page, as markdown. */
export function renderConfigurationReference(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from the code: change the options there. -->',
    '',
    'Everything is set by environment variables. An empty value counts as not set. Truth is `true`, `1`, `yes` or',
    '`on`; lists have commas between their parts. Each secret can also be read from the file that the variable of',
    'the same name with `_FILE` names; to set both is an error. A configuration with any fault stops the start, with',
    'every fault listed.',
  ];
  for (const [title, entries] of byCategory()) {
    lines.push('', `## ${title}`, '');
    if (entries.some(({ meta }) => meta.numbered)) {
      lines.push(
        'For further hosts the names end in `_1`, `_2`, … (`ESXI_HOST_1`). What such a host does not set itself, other',
        'than the fingerprint of its certificate, it takes from the name without a number.',
        '',
      );
    }
    lines.push('| variable | default | meaning |', '|---|---|---|');
    for (const { name, meta, defaultText } of entries) {
      const names = meta.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
      const initial = defaultText === undefined ? (meta.otherwise ?? '') : `\`${defaultText}\``;
      lines.push(`| ${names} | ${cell(initial)} | ${cell(meta.description + example(meta))} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function example({ example: text }: OptionMeta): string {
  return text === undefined ? '' : ` Example: \`${text}\`.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length > 100) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
