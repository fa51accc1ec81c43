import { FairleadError } from '@fairlead/contract'

/** The release that a model version names; `undefined` for an empty one. Throws `release-unknown`. */
export function releaseNumber(deployment: string, version: string): number | undefined {
  if (version === '') return undefined
  if (!/^[1-9][0-9]{0,8}$/.test(version)) {
    throw new FairleadError('release-unknown', `release "${version.slice(0, 100)}" of "${deployment.slice(0, 100)}" cannot be: releases are numbers from 1`)
  }
  return Number(version)
}
