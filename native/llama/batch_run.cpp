#include "llama/batch_run.h"

namespace sparsetune::llama {
namespace {

void AddGroup(const GroupStats& from, GroupStats* to) {
  to->attended += from.attended;
  to->visible += from.visible;
  to->rows += from.rows;
  to->density_sum += from.density_sum;
  to->bytes_read += from.bytes_read;
}

}  // namespace

void RunStats::AddLayer(const GroupStats& attended, size_t group_size, size_t head_bytes) {
  AddGroup(attended, &group);
  dense_bytes += attended.visible / group_size * head_bytes;
}

void RunStats::Add(const RunStats& other) {
  AddGroup(other.group, &group);
  dense_bytes += other.dense_bytes;
  seconds += other.seconds;
  host_reasons.insert(other.host_reasons.begin(), other.host_reasons.end());
}

}  // namespace sparsetune::llama
