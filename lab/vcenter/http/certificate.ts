/** A certificate for loopback, of its own making. */
import { createHash, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM */
  readonly cert: string;
  /** PEM */
  readonly key: string;
}

export async function createCertificate(): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'lab vCenter' }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}

/** As vSphere writes it: `AB:CD:…`. */
export function thumbprintOf({ cert }: Certificate, algorithm: 'sha1' | 'sha256'): string {
  const hex = createHash(algorithm).update(new X509Certificate(cert).raw).digest('hex').toUpperCase();
  return hex.match(/../g)!.join(':');
}
