/**
 * Extensions of the Open Inference Protocol as they are advertised: clients act on these lists, so each names exactly what that interface does.
 * Names are Triton's.
 */
export const OIP_EXTENSIONS: { readonly rest: readonly string[]; readonly grpc: readonly string[] } = {
  rest: ['binary_tensor_data', 'statistics', 'model_configuration', 'schedule_policy'],
  grpc: ['statistics', 'model_configuration', 'schedule_policy'],
}
