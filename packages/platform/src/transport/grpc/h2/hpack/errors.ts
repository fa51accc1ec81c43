/** A block that cannot be decoded: the two ends no longer agree on their table, and the connection ends (COMPRESSION_ERROR). */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}

/** Fields that are no request's, or too many of them. The table is in step, and only the stream ends. */
export class HeaderListError extends Error {
  override readonly name = 'HeaderListError'
  readonly kind: 'too-large' | 'malformed'

  constructor(kind: HeaderListError['kind'], detail: string) {
    super(detail)
    this.kind = kind
  }
}
