/**
 * Under which names a server answers. A page of a stranger can point its own name at this address (DNS rebinding) and
 * have a browser ask here as if it were at home; an address or `localhost` cannot be pointed anywhere else.
 */
import { BlockList, isIP } from 'node:net';

export type KnownHosts = (host: string | undefined) => boolean;

/** `own`: where the server listens. `names`: what else it is called, without ports. No host at all is no browser's. */
export function knownHosts(own: string, names: readonly string[]): KnownHosts {
  const known = new Set(['localhost', own, ...names].map((name) => name.toLowerCase()));
  return (host) => {
    if (host === undefined) return true;
    const name = nameIn(host);
    return name !== null && (isIP(name) !== 0 || known.has(name) || name.endsWith('.localhost'));
  };
}

/** Whether that is this machine, as a `Host` says it: there a browser's request crosses no network. */
export function isLocalHost(host: string | undefined): boolean {
  const name = host === undefined ? null : nameIn(host);
  return name !== null && (isLoopback(name) || name.endsWith('.localhost'));
}

/** RFC 9110, section 7.2: a name or address, IPv6 in brackets, and a port or none. Null for anything else. */
function nameIn(host: string): string | null {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (address ?? name)?.toLowerCase().replace(/\.$/, '') ?? null;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach it, its browsers included. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4'));
}
