/** A form that the engine does not run: what of it, in words. */
export class CannotRun extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'CannotRun'
  }
}

/** Input that a predictor refuses: which input, row and column, and why. */
export class WrongInput extends Error {
  readonly input: string
  readonly row: number | undefined
  readonly column: string | undefined
  readonly what: string

  constructor(what: string, place: { input: string; row?: number; column?: string }) {
    const where = [`input ${place.input}`, place.row === undefined ? '' : `row ${place.row}`, place.column === undefined ? '' : `column ${place.column}`]
    super(`${where.filter((part) => part !== '').join(', ')}: ${what}`)
    this.name = 'WrongInput'
    this.input = place.input
    this.row = place.row
    this.column = place.column
    this.what = what
  }

  /** The same of rows that follow so many others. */
  after(rows: number): WrongInput {
    const { input, row, column } = this
    return new WrongInput(this.what, { input, ...(row === undefined ? {} : { row: row + rows }), ...(column === undefined ? {} : { column }) })
  }
}
