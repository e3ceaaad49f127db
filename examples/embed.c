/* Runs a quantized model from C: embed MODEL IMAGE.f32 prints the outputs of one image, whose
 * float32 elements are the file's bytes. docs/embed.md has this program's build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intact/runtime/intact_runtime.h"

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, intact_last_error());
  return 1;
}

/* One image of the model's first input, read from a file of floats. */
static int read_image(const char* path, const intact_tensor_info* info, intact_tensor* image) {
  size_t count = 1;
  FILE* file = fopen(path, "rb");
  float* elements = NULL;
  memset(image, 0, sizeof(*image));
  image->dtype = info->dtype;
  image->rank = info->rank;
  for (int i = 0; i < info->rank; ++i) {
    image->dims[i] = info->dims[i] < 0 ? 1 : info->dims[i];
    count *= (size_t)image->dims[i];
  }
  image->size_bytes = count * sizeof(float);
  elements = malloc(image->size_bytes);
  image->data = elements;
  if (file == NULL || elements == NULL || fread(elements, sizeof(float), count, file) != count) {
    fprintf(stderr, "%s: does not hold %lu floats\n", path, (unsigned long)count);
    if (file != NULL) {
      fclose(file);
    }
    return 1;
  }
  fclose(file);
  return 0;
}

static void print(const intact_tensor* output) {
  const float* values = output->data;
  for (size_t i = 0; i < output->size_bytes / sizeof(float); ++i) {
    printf("%.9g\n", values[i]);
  }
}

int main(int argc, char** argv) {
  intact_model* model = NULL;
  intact_session* session = NULL;
  intact_tensor_info info;
  intact_tensor image;
  intact_tensor output;
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL IMAGE.f32\n", argv[0]);
    return 2;
  }
  intact_set_threads(1);
  if (intact_model_load(argv[1], &model) != INTACT_OK ||
      intact_model_input(model, 0, &info) != INTACT_OK) {
    return failed("load");
  }
  if (info.dtype != INTACT_FLOAT32 || read_image(argv[2], &info, &image) != 0) {
    return 1;
  }
  if (intact_session_create(model, &session) != INTACT_OK ||
      intact_session_run(session, &image, 1, &output, 1) != INTACT_OK) {
    return failed("run");
  }
  print(&output);
  intact_session_free(session);
  intact_model_free(model);
  free((void*)image.data);
  return 0;
}
