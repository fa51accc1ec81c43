/** A whole number that is not negative, seven bits a byte, the lowest first: ULEB128, as Thrift and Parquet's runs have it. */
export function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  // not by shifts, which would take 32 bits only
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return bytes
}
