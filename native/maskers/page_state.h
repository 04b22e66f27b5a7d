#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "maskers/key_index.h"

namespace sparsetune {

/// quest: bounds of pages of keys, in the keys' own type, so that they are exact. A page that a
/// parent began and its child goes on with belongs to the child, which starts from a copy.
class PageState : public KeyState {
 public:
  PageState(size_t keys_per_page, size_t head_dim) : page_size(keys_per_page), head_dim(head_dim) {}

  std::unique_ptr<KeyState> Continue() const override;
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override { return bounds.capacity(); }

  size_t first_page() const { return first / page_size; }
  size_t page_bytes() const { return 2 * head_dim * DtypeBytes(dtype); }

  size_t page_size = 0;
  size_t head_dim = 0;
  Dtype dtype = Dtype::kF32;
  std::vector<uint8_t> bounds;  ///< PageBounds of the pages from first_page on

 private:
  template <typename T>
  void Widen(const T* key, size_t position);
};

}  // namespace sparsetune
