/** Which addresses are somebody's on the Internet, and not this machine's, its network's, or of no one host (RFC 6890). */
import { BlockList, isIP } from 'node:net';

/** The IANA registry of special-purpose addresses for IPv4, with multicast and what is reserved. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only 2000::/3 is given out. In it: protocols and Teredo, documentation, 6to4, which carry other addresses. */
const GLOBAL_IPV6 = listOf(['2000::/3'], 'ipv6');
const SPECIAL_IPV6 = listOf(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'], 'ipv6');
const SPECIAL = listOf(SPECIAL_IPV4, 'ipv4');

/** False for what is no address. An IPv4 address inside an IPv6 one is never public. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !SPECIAL.check(address, 'ipv4');
  return family === 6 && GLOBAL_IPV6.check(address, 'ipv6') && !SPECIAL_IPV6.check(address, 'ipv6');
}

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base, bits] = network.split('/') as [string, string];
    list.addSubnet(base, Number(bits), family);
  }
  return list;
}
