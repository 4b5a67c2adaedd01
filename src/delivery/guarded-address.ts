/** Which addresses a URL that came in a request may lead to. Numbers only: names are resolved before. */

import { BlockList, isIP } from 'node:net';

/** Never called, whatever the port. Loopback and private networks are not here: receivers live there. */
const REFUSED: ReadonlyArray<readonly [subnet: string, reason: string]> = [
  ['0.0.0.0/8', 'an unspecified address'],
  ['::/128', 'an unspecified address'],
  ['169.254.0.0/16', 'a link-local address'],
  ['fe80::/10', 'a link-local address'],
  ['fec0::/10', 'a site-local address'],
  ['224.0.0.0/4', 'a multicast address'],
  ['ff00::/8', 'a multicast address'],
  ['240.0.0.0/4', 'a reserved or broadcast address'],
  // Metadata services outside the link-local range: AWS over IPv6, Alibaba, Oracle, Azure's platform address.
  ['fd00:ec2::/32', 'a metadata service'],
  ['100.100.100.200/32', 'a metadata service'],
  ['192.0.0.192/32', 'a metadata service'],
  ['168.63.129.16/32', 'a metadata service'],
];

const LISTS = REFUSED.map(([subnet, reason]) => ({ list: blockList(subnet), reason }));
const LOOPBACK = [blockList('127.0.0.0/8'), blockList('::1/128')];

/** Why this IP address is not called, or null. IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) counts as itself. */
export function refusedAddress(address: string): string | null {
  for (const form of forms(address)) {
    const hit = LISTS.find(({ list }) => contains(list, form));
    if (hit !== undefined) return hit.reason;
  }
  return null;
}

/** True when the address is on this machine: loopback, or one of `own`. */
export function isOwnAddress(address: string, own: readonly string[]): boolean {
  const known = new Set(own.flatMap(forms));
  return forms(address).some((form) => known.has(form) || LOOPBACK.some((list) => contains(list, form)));
}

/** The address and, where it holds an IPv4 address, that one too; both in their one spelling. */
function forms(address: string): string[] {
  if (isIP(address) !== 6) return [address];
  const bare = address.split('%')[0] ?? address;
  const groups = expand(bare);
  const v4 = (at: number) => [groups[at], groups[at + 1]].flatMap((group = 0) => [group >> 8, group & 255]).join('.');
  const leading = (...expected: number[]) => expected.every((group, index) => groups[index] === group);
  const spelled = groups.map((group) => group.toString(16)).join(':');
  if (leading(0, 0, 0, 0, 0, 0xffff) || leading(0, 0, 0, 0, 0xffff, 0)) return [spelled, v4(6)];
  if (leading(0x64, 0xff9b)) return [spelled, v4(6)];
  if (leading(0x2002)) return [spelled, v4(1)];
  const compatible = leading(0, 0, 0, 0, 0, 0) && ((groups[6] ?? 0) !== 0 || (groups[7] ?? 0) > 1);
  return compatible ? [spelled, v4(6)] : [spelled];
}

/** The eight groups of an IPv6 address. The URL parser of the platform knows every spelling. */
function expand(address: string): number[] {
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function blockList(subnet: string): BlockList {
  const [address = '', bits] = subnet.split('/');
  const list = new BlockList();
  list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
