import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../lab/vcenter/core/random.ts';
import { Killed } from '../../../../lab/vcenter/guest/shell/state.ts';
import { testMachine } from './test-machine.ts';

const linux = testMachine('linux');

/** Command lines and what they print. */
const LINES: readonly (readonly [line: string, out: string])[] = [
  ['echo hello  world', 'hello world\n'],
  ['echo \'a  b\' "c  d" e\\ f', 'a  b c  d e f\n'],
  ['echo "x\\"y" \'$HOME\' "$HOME"', 'x"y $HOME /root\n'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  ['A=1; B="$A$A"; echo $B ${B} ${C:-none} ${#B}', '11 11 none 2\n'],
  ['printf "%s-%03d\\n" a 7 b 42', 'a-007\nb-042\n'],
  ['echo $(echo a; echo b) `echo c`', 'a b c\n'],
  ['echo "$(printf \'a\\n\\n\')|"', 'a|\n'],
  ['false; echo $?; true; echo $?', '1\n0\n'],
  ['false && echo a || echo b; true || echo c; true && echo d', 'b\nd\n'],
  ['! false && echo yes', 'yes\n'],
  ['seq 1 20 | grep 1 | wc -l', '11\n'],
  ['seq 5 | head -n 2; seq 5 | tail -2; seq 10 | tail -n +9', '1\n2\n4\n5\n9\n10\n'],
  ['yes | head -3', 'y\ny\ny\n'],
  ['cat /etc/hostname | cat -n', '     1\tweb01\n'],
  ['(cd /tmp; pwd); pwd', '/tmp\n/root\n'],
  ['{ cd /tmp; }; pwd; cd -; pwd', '/tmp\n/root\n'],
  ['cd /usr/local/../bin/.; pwd', '/usr/bin\n'],
  ['X=5 env | grep ^X; echo "[$X]"', 'X=5\n[]\n'],
  ["export Y=6; sh -c 'echo $Y $0 $1' name arg", '6 name arg\n'],
  ['if [ -d /etc ]; then echo dir; else echo none; fi', 'dir\n'],
  ['if test 3 -lt 2; then echo a; elif [ a = a ]; then echo b; fi', 'b\n'],
  ['for i in a "b c" d; do echo "<$i>"; done', '<a>\n<b c>\n<d>\n'],
  ['for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done', '1\n3\n'],
  ['while true; do echo once; break; done', 'once\n'],
  ['set -- a b c; shift; echo $# "$@"', '2 b c\n'],
  ['i=0; while [ $i -lt 3 ]; do echo $i; i=$((i + 1)); done', '0\n1\n2\n'],
  ['x=7; echo $((x * 2 - 10 / 3 % 2)) $(((x > 3) && !0)) "$((-$x))"', '13 1 -7\n'],
  ['echo a # a comment', 'a\n'],
  ['whoami; hostname; uname; id -u', 'root\nweb01\nLinux\n0\n'],
  ['uname -a', 'Linux web01 5.15.0-130-generic #140-Ubuntu SMP Wed Dec 18 17:59:53 UTC 2024 x86_64 GNU/Linux\n'],
  ['command -v ls; which cat', '/usr/bin/ls\n/usr/bin/cat\n'],
  [
    'echo b > /tmp/g1.txt; echo a > /tmp/g2.txt; cd /tmp; echo g*.txt nothing*; cat g?.txt',
    'g1.txt g2.txt nothing*\nb\na\n',
  ],
  ['echo "g*" \\*; echo ~', 'g* *\n/root\n'],
  ['mkdir /tmp/gl; cd /tmp/gl; touch a1 a2 b3; echo [ab][!1] a[1-2] [c]*', 'a2 b3 a1 a2 [c]*\n'],
  // Time would grow without bound in a matcher that goes back.
  [`touch /tmp/${'a'.repeat(200)}; cd /tmp; echo ${'*a'.repeat(60)}*c`, `${'*a'.repeat(60)}*c\n`],
  ['echo abc | grep -c b; echo "a(b" | grep "a(b"; echo aab | grep -E "^a+b$"', '1\na(b\naab\n'],
  ['grep -n lab /etc/passwd', '6:lab:x:1000:1000:Lab User:/home/lab:/bin/bash\n'],
  ['basename /a/b.txt .txt; dirname /a/b.txt', 'b\n/a\n'],
  ['printf "b\\na\\nb\\n" | sort -u; printf "1\\n1\\n2\\n" | uniq -c', 'a\nb\n      2 1\n      1 2\n'],
  ['date -u +%Y | wc -c', '5\n'],
  ['eval "echo a; Z=2"; echo $Z', 'a\n2\n'],
  ['echo one two | xargs echo zero', 'zero one two\n'],
];

describe('the shell of the Linux guest', () => {
  it.each(LINES)('prints what %s prints', async (line, out) => {
    expect(await linux.run(line)).toEqual({ status: 0, out, err: '' });
  });

  it('sends output and errors where redirections say, in the order in which they stand', async () => {
    const line =
      'sh -c "echo out; echo err >&2" > /tmp/both 2>&1; cat /tmp/both; sh -c "echo out; echo err >&2" 2>&1 > /tmp/one | cat; ' +
      'cat < /tmp/one; echo more >> /tmp/one; wc -l < /tmp/one; ls /nonexistent 2> /tmp/e; cat /tmp/e; echo x &> /tmp/amp; cat /tmp/amp';
    expect(await linux.run(line)).toEqual({
      status: 0,
      out: 'out\nerr\nerr\nout\n2\nls: /nonexistent: No such file or directory\nx\n',
      err: '',
    });
  });

  it('throws away what goes to /dev/null', async () => {
    expect(await linux.run('ls /nonexistent 2>/dev/null; echo $?; cat /dev/null')).toMatchObject({
      out: '2\n',
      err: '',
    });
  });

  it('says of an unknown program that it is not there, by status 127', async () => {
    expect(await linux.run('frobnicate --now')).toEqual({ status: 127, out: '', err: 'sh: frobnicate: not found\n' });
    expect(await linux.run('/opt/none')).toMatchObject({ status: 127 });
  });

  it('leaves by the status that exit names, from wherever it stands', async () => {
    expect(await linux.run('for i in 1 2; do exit 7; done; echo never')).toMatchObject({ status: 7, out: '' });
    expect(await linux.run('(exit 3); echo $?')).toMatchObject({ out: '3\n' });
    expect(await linux.run('sh -c "exit 300"')).toMatchObject({ status: 44 });
  });

  it('runs a script of its own file once it may be executed', async () => {
    const written = 'printf "#!/bin/sh\\necho hi \\$1\\n" > /tmp/s.sh';
    expect(await linux.run(`${written}; /tmp/s.sh you; echo $?`)).toMatchObject({
      out: '126\n',
      err: 'sh: /tmp/s.sh: Permission denied\n',
    });
    expect(await linux.run('chmod +x /tmp/s.sh; /tmp/s.sh you; sh /tmp/s.sh me; cd /tmp; ./s.sh us')).toMatchObject({
      out: 'hi you\nhi me\nhi us\n',
    });
  });

  it('keeps a user out of what is not theirs', async () => {
    expect(await linux.run('cat /etc/shadow', 'lab')).toEqual({
      status: 1,
      out: '',
      err: 'cat: /etc/shadow: Permission denied\n',
    });
    expect(await linux.run('ls /root', 'lab')).toMatchObject({ status: 2 });
    expect(await linux.run('echo x > /etc/x', 'lab')).toMatchObject({
      status: 1,
      err: 'sh: cannot create /etc/x: Permission denied\n',
    });
    await linux.run('echo mine > /tmp/roots');
    // The sticky bit of /tmp.
    expect(await linux.run('rm -f /tmp/roots', 'lab')).toMatchObject({ status: 1 });
    expect(await linux.run('echo y > ~/y && cat ~/y; id', 'lab')).toMatchObject({
      out: 'y\nuid=1000(lab) gid=1000(lab) groups=1000(lab)\n',
    });
  });

  it('makes, moves, copies and removes files', async () => {
    const line =
      'mkdir -p /srv/a/b && cp /etc/hostname /srv/a && mv /srv/a/hostname /srv/a/b/h && cp -r /srv/a /srv/c && ' +
      'ls /srv/c/b && rm -r /srv/a && ls /srv && ln -s /srv/c/b/h /srv/link && cat /srv/link && readlink /srv/link';
    expect(await linux.run(line)).toEqual({ status: 0, out: 'h\nc\nweb01\n/srv/c/b/h\n', err: '' });
    expect(await linux.run('rmdir /srv/c')).toMatchObject({ status: 1, err: 'rmdir: /srv/c: Directory not empty\n' });
    expect(await linux.run('mkdir /srv/c; rm /srv/c')).toMatchObject({
      err: 'mkdir: /srv/c: File exists\nrm: /srv/c: Is a directory\n',
    });
    expect(await linux.run('stat -c "%a %s %U" /etc/hostname; ls -l /etc/hostname')).toMatchObject({
      out: expect.stringMatching(/^644 6 root\n-rw-r--r-- 1 root root +6 \w{3} .\d \d\d:\d\d \/etc\/hostname\n$/),
    });
  });

  it.each([
    ['echo "open', 'Unterminated quoted string'],
    ["echo 'open", 'Unterminated quoted string'],
    ['echo a |', 'end of file unexpected'],
    ['&& a', '"&&" unexpected'],
    ['(echo a', 'end of file unexpected'],
    ['echo a)', '")" unexpected'],
    ['if true; then', 'end of file unexpected'],
    ['cat << EOF', '"<<" is not supported'],
    ['echo > ', 'end of file unexpected'],
    ['echo $((1+1)', "missing '))'"],
    [`echo ${'$('.repeat(5000)}`, 'too deeply nested'],
    ['('.repeat(100_000), 'too deeply nested'],
    [`${'true|'.repeat(10_000)}true`, 'too many commands in a pipeline'],
    ['a'.repeat(200_000), 'Argument list too long'],
  ])('refuses what is no command: %#', async (line, message) => {
    expect(await linux.run(line)).toEqual({ status: 2, out: '', err: `sh: Syntax error: ${message}\n` });
  });

  it.each(['while true; do :; done', 'until false; do echo x > /dev/null; done', 'x=\'eval "$x"\'; eval "$x"'])(
    'is ended where it never ends: %s',
    async (line) => {
      await expect(testMachine('linux', { maxSteps: 2_000 }).run(line)).rejects.toBeInstanceOf(Killed);
    },
  );

  it('ends shells that call themselves', async () => {
    const said = await linux.run('printf "/bin/sh /tmp/me.sh" > /tmp/me.sh; sh /tmp/me.sh');
    expect(said).toMatchObject({ status: 2, err: '/tmp/me.sh: too many shells within each other\n' });
    const substituting = await linux.run('printf "echo \\$(. /tmp/sub.sh)" > /tmp/sub.sh; . /tmp/sub.sh');
    expect(substituting.err).toBe('sh: too many shells within each other\n');
  });

  it('bounds what it keeps', async () => {
    expect(await linux.run('seq 1 1000000000')).toMatchObject({ status: 1, err: 'seq: the sequence is too long\n' });
    // Sixteen megabytes a file.
    const filled = await linux.run(
      `yes 0123456789abcdef > /tmp/f; for i in ${'1 '.repeat(400)}; do cat /tmp/f >> /tmp/g; done`,
    );
    expect(filled.err).toContain('File too large');
    expect((await linux.run('wc -c /tmp/g')).out).toMatch(/^1[67]\d{6} /);
    await linux.run('rm /tmp/f /tmp/g');
    expect(
      await linux.run('x=0123456789; for i in 1 2 3 4 5 6 7; do x=$x$x$x$x$x$x; done; echo $x$x | wc -c'),
    ).toMatchObject({
      err: 'sh: Argument list too long\n',
    });
  });

  it.each([
    ['1/0', 'division by zero'],
    ['1+', 'expecting primary'],
    ['1 2', 'syntax error'],
    ['999999999999999 * 999999999999999', 'number out of range'],
    ['('.repeat(2000), 'syntax error'],
  ])('does not calculate what is no number: %#', async (text, message) => {
    const said = await linux.run(`echo $((${text}${text.startsWith('(') ? ')'.repeat(2000) : ''}))`);
    expect(said).toEqual({ status: 2, out: '', err: `sh: arithmetic expression: ${message}\n` });
  });

  it('lets nobody pile up folders without end', async () => {
    const said = await linux.run(
      `cd /srv; for i in $(seq 1 600); do mkdir d; cd d; done; cd /srv; mkdir e; mv d e; echo $?`,
    );
    expect(said.err).toContain('File name too long');
    expect(said.out).toBe('1\n');
    expect(await linux.run('rm -r /srv/d /srv/e; ls /srv/d')).toMatchObject({ status: 2 });
  });

  it('is ended by an expression that would take for ever', async () => {
    const line = `echo ${'a'.repeat(60)}b | grep -E "^(a+)+$"`;
    await expect(linux.run(line)).rejects.toBeInstanceOf(Killed);
    expect(await linux.run('echo a | grep "a["')).toMatchObject({
      status: 2,
      err: 'grep: Invalid regular expression\n',
    });
  });

  it('takes control characters as what they are', async () => {
    expect(await linux.run('printf "a\\tb\\001c" > "/tmp/odd\tname"; cat "/tmp/odd\tname" | wc -c')).toMatchObject({
      out: '5\n',
    });
  });
});

describe('any command line', () => {
  const TOKENS = [
    ...'abc*?[]~!$#@{}()<>|&;\'"`\\ \n\t=-+%^/.0129',
    ...[
      '$(',
      '$((',
      '))',
      '${',
      ':-',
      '&&',
      '||',
      '>>',
      '2>&1',
      ' if ',
      ' then ',
      ' fi ',
      ' for ',
      ' in ',
      ' do ',
      ' done ',
    ],
    ...[
      'echo ',
      'cat ',
      'exit ',
      'ls ',
      'set ',
      'A=',
      '$A',
      '%PATH%',
      '/tmp/f',
      ' ; ',
      'cd ',
      'test ',
      'printf ',
      'eval ',
    ],
  ];

  it.each(['linux', 'windows'] as const)('ends by a status or by its bounds, and by no defect: %s', async (family) => {
    const random = createRandom(family.length);
    const machine = testMachine(family, { maxSteps: 300 });
    for (let count = 0; count < 1_500; count++) {
      const line = Array.from({ length: random.between(1, 25) }, () => random.pick(TOKENS)).join('');
      const status = await machine.run(line).then(
        (said) => said.status,
        (error: unknown) => (error instanceof Killed ? 137 : `${line}: ${error}`),
      );
      expect(status).toEqual(expect.any(Number));
    }
  });
});

describe('the command line of the Windows guest', () => {
  const windows = testMachine('windows');

  it.each([
    ['echo hello   world', 'hello   world\r\n'],
    ['echo %USERNAME% %NOSUCH%', 'Administrator %NOSUCH%\r\n'],
    ['cd C:\\Windows & cd', 'C:\\Windows\r\n'],
    ['whoami && hostname', 'web01\\administrator\r\nweb01\r\n'],
    ['dir /b C:\\Users', 'Administrator\r\nlab\r\n'],
    ['echo one> C:\\Temp\\a.txt & echo two>> c:\\temp\\A.TXT & type "C:\\TEMP\\a.txt"', 'one \r\ntwo \r\n'],
    ['(echo a & echo b) | findstr b', 'b\r\n'],
    ['C:\\Windows\\System32\\cmd.exe /c "echo inner & exit /b 0"', 'inner \r\n'],
    ['set FOO=bar& echo done', 'done\r\n'],
    ['echo a ^& b', 'a & b\r\n'],
    ['md C:\\Temp\\x\\y && rd /s C:\\Temp\\x && dir /b C:\\Temp', 'a.txt\r\n'],
  ])('prints what %s prints', async (line, out) => {
    expect(await windows.run(line)).toEqual({ status: 0, out, err: '' });
  });

  it('says what went wrong as Windows does', async () => {
    expect(await windows.run('frobnicate')).toEqual({
      status: 1,
      out: '',
      err: "'frobnicate' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n",
    });
    expect(await windows.run('type C:\\none 2>&1')).toMatchObject({
      status: 1,
      out: 'The system cannot find the file specified.\r\n',
    });
    expect(await windows.run('exit /b 5')).toMatchObject({ status: 5 });
    expect(await windows.run('echo x > C:\\Windows\\x', 'lab')).toMatchObject({
      status: 1,
      err: 'Access is denied.\r\n',
    });
    expect(await windows.run('a && && b')).toMatchObject({ err: 'The syntax of the command is incorrect.\r\n' });
    expect(await windows.run('('.repeat(5000))).toMatchObject({ status: 2 });
  });
});
