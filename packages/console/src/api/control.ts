import { createControl } from '@fairlead/client'

/** The control API of the address that served this page; the session cookie signs the calls. */
export const control = createControl({ url: '' })
