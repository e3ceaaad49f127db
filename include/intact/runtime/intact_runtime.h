/* Runs quantized models on their int8 codes, from C: link intact_runtime (docs/embed.md).
 *
 * Functions that can fail return an intact_status; intact_last_error() then says what is wrong and
 * what to do. No C++ exception leaves the library. A model is immutable: any number of threads may
 * use one, each with a session of its own. */
#ifndef INTACT_RUNTIME_H
#define INTACT_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum intact_status {
  INTACT_OK = 0,
  INTACT_INVALID_ARGUMENT = 1, /* the caller's value is wrong */
  INTACT_NOT_FOUND = 2,        /* a named thing does not exist */
  INTACT_UNSUPPORTED = 3,      /* valid, but this build cannot do it */
  INTACT_FORMAT = 4,           /* a file does not follow its format */
  INTACT_IO = 5,               /* the operating system refused */
  INTACT_INTERNAL = 6          /* a bug of ours, or no memory */
} intact_status;

typedef enum intact_dtype {
  INTACT_BOOL = 0,
  INTACT_INT8 = 1,
  INTACT_UINT8 = 2,
  INTACT_INT16 = 3,
  INTACT_INT32 = 4,
  INTACT_INT64 = 5,
  INTACT_FLOAT16 = 6,
  INTACT_FLOAT32 = 7,
  INTACT_FLOAT64 = 8
} intact_dtype;

enum { INTACT_MAX_RANK = 8 };

/* An input or output of a model. */
typedef struct intact_tensor_info {
  const char* name; /* lives as long as the model */
  intact_dtype dtype;
  int32_t rank;
  int64_t dims[INTACT_MAX_RANK]; /* -1: any, such as the batch */
} intact_tensor_info;

/* Elements in C order, [N,C,H,W] for images. */
typedef struct intact_tensor {
  intact_dtype dtype;
  int32_t rank;
  int64_t dims[INTACT_MAX_RANK];
  const void* data;
  size_t size_bytes;
} intact_tensor;

typedef struct intact_model intact_model;
typedef struct intact_session intact_session;

/* "0.1.0" */
const char* intact_version(void);

/* The message of this thread's last call that failed, "" before the first. Valid until this
 * thread's next call that fails. */
const char* intact_last_error(void);

/* Threads that runs of this process use, 1 to 1024; default: all processors. Results do not depend
 * on it. */
intact_status intact_set_threads(int32_t count);

/* Loads FILE.onnx, or PREFIX.pdmodel and PREFIX.pdiparams by their prefix or the .pdmodel's path.
 * The model must be quantized. *model is NULL on failure. */
intact_status intact_model_load(const char* path, intact_model** model);

/* The same of the bytes of an ONNX file, which are not needed afterwards. */
intact_status intact_model_read_onnx(const void* bytes, size_t size_bytes, intact_model** model);

/* Sessions of the model may outlive it. NULL is ignored. */
void intact_model_free(intact_model* model);

int32_t intact_model_input_count(const intact_model* model);
int32_t intact_model_output_count(const intact_model* model);

/* index: 0 to the count - 1. */
intact_status intact_model_input(const intact_model* model,
                                 int32_t index,
                                 intact_tensor_info* info);
intact_status intact_model_output(const intact_model* model,
                                  int32_t index,
                                  intact_tensor_info* info);

/* Steps, their kernels and why each is exact, as text that lives as long as the model. */
const char* intact_model_describe(const intact_model* model);

/* One session runs in one thread at a time. *session is NULL on failure. */
intact_status intact_session_create(const intact_model* model, intact_session** session);
/* NULL is ignored. */
void intact_session_free(intact_session* session);

/* inputs: one per input of the model, in its order. outputs: filled with one per output; their data
 * belongs to the session and stays until its next run. Memory is laid out at the first run of each
 * shape. */
intact_status intact_session_run(intact_session* session,
                                 const intact_tensor* inputs,
                                 int32_t input_count,
                                 intact_tensor* outputs,
                                 int32_t output_count);

#ifdef __cplusplus
}
#endif

#endif
