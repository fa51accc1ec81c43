import { FairleadError } from '@fairlead/contract'

/** One record of a CSV file with the line on which it begins. A field that is empty and not quoted is null. */
export interface CsvRecord {
  line: number
  fields: (string | null)[]
}

const LONGEST_FIELD = 1_000_000

/**
 * Reads CSV (RFC 4180): commas, quotes doubled inside quotes, LF or CR LF. Empty lines are skipped.
 * Throws `request-invalid` with the line for a quote that never ends or stands inside a field, and for a carriage return alone.
 */
export class CsvParser {
  #field = ''
  #fields: (string | null)[] = []
  #state: 'start' | 'plain' | 'quoted' | 'after' = 'start'
  #line = 1
  #begun = 1
  #wasQuoted = false
  /** A carriage return has come, behind which a line feed must. */
  #returned = false

  /** Answers the records that `text` completes. */
  push(text: string): CsvRecord[] {
    const records: CsvRecord[] = []
    for (const character of text) {
      this.#take(character, records)
      if (character === '\n') this.#line++
    }
    return records
  }

  /** Answers the last record, where the file does not end in a line feed. */
  end(): CsvRecord[] {
    if (this.#state === 'quoted') throw invalid(this.#begun, 'a quote is opened and never closed')
    const records: CsvRecord[] = []
    if (this.#fields.length > 0 || this.#field !== '' || this.#wasQuoted) this.#endRecord(records)
    return records
  }

  #take(character: string, records: CsvRecord[]): void {
    if (this.#returned && character !== '\n') throw invalid(this.#line, 'a carriage return stands alone; lines end in LF or CR LF')
    this.#returned = false
    if (this.#state === 'quoted') {
      if (character === '"') this.#state = 'after'
      else this.#append(character)
    } else if (character === '"' && this.#state === 'start') {
      this.#state = 'quoted'
      this.#wasQuoted = true
    } else if (character === '"' && this.#state === 'after') {
      this.#append(character)
      this.#state = 'quoted'
    } else if (character === ',') this.#endField()
    else if (character === '\n') this.#endRecord(records)
    else if (character === '\r') this.#returned = true
    else this.#plain(character)
  }

  #plain(character: string): void {
    if (this.#state === 'after') throw invalid(this.#line, 'text follows a closed quote')
    if (character === '"') throw invalid(this.#line, 'a quote stands inside a field that is not quoted')
    this.#state = 'plain'
    this.#append(character)
  }

  #append(character: string): void {
    this.#field += character
    if (this.#field.length > LONGEST_FIELD) throw invalid(this.#begun, `a field is longer than ${LONGEST_FIELD} characters`)
  }

  #endField(): void {
    this.#fields.push(this.#state === 'start' ? null : this.#field)
    this.#field = ''
    this.#state = 'start'
  }

  #endRecord(records: CsvRecord[]): void {
    const empty = this.#fields.length === 0 && this.#field === '' && !this.#wasQuoted
    this.#endField()
    if (!empty) records.push({ line: this.#begun, fields: this.#fields })
    this.#fields = []
    this.#wasQuoted = false
    this.#begun = this.#line + 1
  }
}

function invalid(line: number, what: string): FairleadError {
  return new FairleadError('request-invalid', `Line ${line} of the CSV: ${what}.`)
}
