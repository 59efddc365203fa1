import { describe, expect, it } from 'vitest';
import { refusedPage } from './consent-page.ts';

describe('the page after a refusal', () => {
  const pageFor = (redirectUri: string) =>
    refusedPage({ clientName: 'A program', redirectUri, next: `${redirectUri}?error=access_denied`, requestId: 'r' });

  it('goes on by itself to a program on this computer', () => {
    expect(pageFor('http://127.0.0.1:3000/cb').body).toContain('http-equiv="refresh"');
  });

  it.each(['https://client.example.com/cb', 'cursor://anysphere.cursor-mcp/oauth/callback', 'com.example.app:/cb'])(
    'only links to %s: nobody is sent to a place that a stranger chose',
    (uri) => {
      const { body } = pageFor(uri);
      expect(body).not.toContain('http-equiv');
      expect(body).toContain(`href="${uri}?error=access_denied"`);
    },
  );
});
