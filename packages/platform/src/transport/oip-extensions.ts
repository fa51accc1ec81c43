/**
 * Extensions of the Open Inference Protocol as both its interfaces advertise them, by Triton's names: clients act on this list, so it names exactly what
 * there is. That of binary tensors says how they travel over REST; over gRPC all tensors may be raw bytes.
 */
export const OIP_EXTENSIONS: readonly string[] = ['binary_tensor_data', 'statistics', 'model_configuration', 'model_repository', 'schedule_policy']
