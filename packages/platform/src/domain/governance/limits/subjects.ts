/** On whose account what a key asks for goes, of all deployments together. */
export function keySubject(id: string): string {
  return `key:${id}`
}

/** On whose account goes what a caller asks of one deployment. */
export function deploymentSubject(caller: string, deployment: string): string {
  return `${caller} ${deployment}`
}

/** What stands for a client without a key: its address, of IPv6 the first 64 bits, since a client has all others to itself. */
export function addressSubject(address: string): string {
  const four = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (four !== undefined) return `open:${four}`
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const parts = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - parts.length - rest.length)).fill('0')
  return `open:${[...parts, ...zeros, ...rest].slice(0, 4).join(':')}::/64`
}
