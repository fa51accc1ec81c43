/** One server-sent event. */
export interface ServerEvent {
  event: string
  data: string
  id: string | undefined
}

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6) from text in any pieces. `push` answers the events completed
 * by a piece; an event cut off by the end of the stream is dropped, as the standard has it.
 */
export class EventParser {
  #rest = ''
  #event = ''
  #data: string[] = []
  #id: string | undefined

  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = []
    const text = this.#rest + piece
    let from = 0
    for (;;) {
      const end = text.slice(from).search(/\r\n|\n|\r/)
      if (end < 0) break
      const at = from + end
      // a lone CR at the end may be the first half of CR LF
      if (text[at] === '\r' && at === text.length - 1) break
      this.#line(text.slice(from, at), events)
      from = at + (text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1)
    }
    this.#rest = text.slice(from)
    return events
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id })
      this.#event = ''
      this.#data = []
      return
    }
    if (line.startsWith(':')) return
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.#id = value
  }
}

/** The events of a response, as they arrive. Ends with the response; leaving the loop closes it. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) return
  const parser = new EventParser()
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield* parser.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
