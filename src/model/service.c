#include "model/service.h"

#include <stdlib.h>

void instance_info_free(instance_info *info) {
  if (!info) return;
  free(info->selection_json);
  free(info->column);
  free(info->key);
  free(info);
}
