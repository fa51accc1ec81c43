/** Why a file is not read: broken or hostile, or made of parts that are not understood. */
export type UnreadableReason = 'malformed' | 'unsupported' | 'too-large'

/** A model file that is refused, with what is wrong and where: `trees[12].left_children[3]`, `byte 4711`, `node Scan_3`. */
export class UnreadableModel extends Error {
  readonly reason: UnreadableReason
  readonly where: string

  constructor(reason: UnreadableReason, where: string, what: string) {
    super(where === '' ? what : `${where}: ${what}`)
    this.name = 'UnreadableModel'
    this.reason = reason
    this.where = where
  }
}
