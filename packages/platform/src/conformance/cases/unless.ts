import { DATATYPES } from '../datatypes.ts'
import { echoOf, type Subject } from '../subject.ts'
import { jsonable } from '../tensors.ts'

/** Cases whose inputs travel in JSON: there must be inputs, and JSON must be able to carry them. */
export function noJsonSample(subject: Subject): string | undefined {
  return noSample(subject) ?? notJson(subject)
}

/** Why inputs cannot travel in JSON. */
export function notJson(subject: Subject): string | undefined {
  return jsonable(subject.sample) ? undefined : 'JSON cannot carry FP16 and BF16'
}

/** Cases that need inputs, however they travel. */
export function noSample(subject: Subject): string | undefined {
  return subject.noSample ?? (subject.sample.length === 0 ? 'there are no inputs to send' : undefined)
}

/** Cases that ask for a version. */
export function noVersion(subject: Subject): string | undefined {
  return noJsonSample(subject) ?? (subject.version === undefined ? 'the metadata list no versions' : undefined)
}

/** Cases that need an input of one of these kinds. */
export function noInputOf(...kinds: string[]): (subject: Subject) => string | undefined {
  return (subject) => {
    const has = subject.sample.some(({ datatype }) => kinds.includes(DATATYPES[datatype]?.kind ?? ''))
    return noJsonSample(subject) ?? (has ? undefined : `the model has no input of ${kinds.join(' or ')} values`)
  }
}

/** Cases that follow a value through the server: an input of one of these datatypes must come back as an output. */
export function noEcho(...datatypes: string[]): (subject: Subject) => string | undefined {
  return (subject) =>
    noSample(subject) ?? (echoOf(subject, datatypes) ? undefined : `the model has no ${datatypes.join(' or ')} input that it answers unchanged`)
}

/** Cases that send another number of rows. */
export function rowsFixed({ inputs }: Subject): string | undefined {
  return inputs.length > 0 && inputs.every(({ shape }) => shape[0] === -1) ? undefined : 'not every input has a variable first dimension'
}

/** Several reasons in a row. */
export function first(...reasons: ((subject: Subject) => string | undefined)[]): (subject: Subject) => string | undefined {
  return (subject) => {
    for (const reason of reasons) {
      const found = reason(subject)
      if (found !== undefined) return found
    }
    return undefined
  }
}
