import { FairleadError } from '@fairlead/contract'

/**
 * Refuses parameters of a load that bring files or a configuration of their own: models come through the registry, where they are checked and
 * kept. Throws `not-supported`, and `request-invalid` for what no server knows.
 */
export function checkLoadParameters(names: Iterable<string>): void {
  for (const name of names) {
    if (name === 'config' || name.startsWith('file:')) {
      const what = name === 'config' ? 'configuration' : 'files'
      throw new FairleadError('not-supported', `a load takes no ${what}; register the model and deploy it: fairlead models import, fairlead deploy`)
    }
    throw new FairleadError('request-invalid', `the parameter "${name.slice(0, 100)}" of a load is not known`)
  }
}
