// ggml as a peer: dense decode as one graph, by flash_attn_ext or by mul_mat + soft_max + mul_mat.
// Speaks JSON lines like lines.py; built by bench/kernels/install-peers.mjs against the prebuilt
// libraries of @node-llama-cpp.
//
//   ggml_peer <folder of the libraries> <threads>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

namespace {

/// The value of `"name":` in one flat JSON object written by the bench, without quotes.
std::string Field(const std::string& json, const std::string& name) {
  const auto at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 3;
  if (json[begin] == '"') return json.substr(begin + 1, json.find('"', begin + 1) - begin - 1);
  return json.substr(begin, json.find_first_of(",}", begin) - begin);
}

int64_t Number(const std::string& json, const std::string& name) {
  return std::strtoll(Field(json, name).c_str(), nullptr, 10);
}

std::vector<float> ReadFloats(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> floats(static_cast<size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(floats.size() * sizeof(float)));
  return floats;
}

struct Shape {
  int64_t n_q_heads, n_kv_heads, head_dim, n_kv, copies;
  ggml_type type;
};

/// Rows of the common table in the order all rivals use; see lines.py.
struct Table {
  std::vector<float> rows;
  int64_t head_dim;

  const float* Row(int64_t number) const {
    const int64_t n = static_cast<int64_t>(rows.size()) / head_dim;
    return rows.data() + number % n * head_dim;
  }
};

std::vector<uint8_t> Convert(const std::vector<float>& floats, ggml_type type) {
  std::vector<uint8_t> bytes(floats.size() * ggml_type_size(type));
  const auto n = static_cast<int64_t>(floats.size());
  if (type == GGML_TYPE_F16) {
    ggml_fp32_to_fp16_row(floats.data(), reinterpret_cast<ggml_fp16_t*>(bytes.data()), n);
  } else if (type == GGML_TYPE_BF16) {
    ggml_fp32_to_bf16_row(floats.data(), reinterpret_cast<ggml_bf16_t*>(bytes.data()), n);
  } else {
    std::memcpy(bytes.data(), floats.data(), bytes.size());
  }
  return bytes;
}

struct FreeGgml {
  void operator()(ggml_context* context) const { ggml_free(context); }
  void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
};

/// One form of dense attention: a graph for each copy of the cache.
class Form {
 public:
  Form(ggml_backend_t backend, const Shape& shape, bool is_flash) : backend_(backend) {
    const auto copies = static_cast<size_t>(shape.copies);
    const size_t nodes = 16;
    const ggml_init_params params = {
        copies * (nodes * ggml_tensor_overhead() + ggml_graph_overhead_custom(64, false)) +
            4 * ggml_tensor_overhead(),
        nullptr, true};
    context_.reset(ggml_init(params));
    ggml_context* c = context_.get();
    query_ = ggml_new_tensor_4d(c, GGML_TYPE_F32, shape.head_dim, 1, shape.n_q_heads, 1);
    mask_ = ggml_new_tensor_4d(c, GGML_TYPE_F16, shape.n_kv, 1, 1, 1);
    for (size_t copy = 0; copy < copies; ++copy) Build(shape, is_flash);
    buffer_.reset(ggml_backend_alloc_ctx_tensors(c, backend));
    if (buffer_ == nullptr) throw std::runtime_error("no memory");
  }

  void Fill(const Shape& shape, const Table& table, const std::vector<float>& query) {
    ggml_backend_tensor_set(query_, query.data(), 0, query.size() * sizeof(float));
    const std::vector<uint16_t> zeros(static_cast<size_t>(shape.n_kv), 0);
    ggml_backend_tensor_set(mask_, zeros.data(), 0, zeros.size() * sizeof(uint16_t));
    for (int64_t head = 0; head < shape.n_kv_heads; ++head) {
      FillHead(shape, table, head, keys_, {7, 13}, false);
      FillHead(shape, table, head, values_, {5, 3}, are_values_across_);
    }
  }

  void Run() { ggml_backend_graph_compute(backend_, graphs_[turn_++ % graphs_.size()]); }

  std::vector<float> Result() {
    Run();
    const ggml_tensor* output = outputs_[(turn_ - 1) % outputs_.size()];
    std::vector<float> floats(static_cast<size_t>(ggml_nelements(output)));
    ggml_backend_tensor_get(output, floats.data(), 0, floats.size() * sizeof(float));
    return floats;
  }

 private:
  struct Order {
    int64_t step, shift;
  };

  void Build(const Shape& shape, bool is_flash) {
    ggml_context* c = context_.get();
    are_values_across_ = !is_flash;
    const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
    const auto rows = [&](int64_t a, int64_t b) {
      return ggml_new_tensor_4d(c, shape.type, a, b, shape.n_kv_heads, 1);
    };
    keys_.push_back(rows(shape.head_dim, shape.n_kv));
    values_.push_back(is_flash ? rows(shape.head_dim, shape.n_kv)
                               : rows(shape.n_kv, shape.head_dim));
    ggml_tensor* output = nullptr;
    if (is_flash) {
      output =
          ggml_flash_attn_ext(c, query_, keys_.back(), values_.back(), mask_, scale, 0.0f, 0.0f);
    } else {
      ggml_tensor* scores = ggml_mul_mat(c, keys_.back(), query_);
      output = ggml_mul_mat(c, values_.back(), ggml_soft_max_ext(c, scores, mask_, scale, 0.0f));
    }
    ggml_cgraph* graph = ggml_new_graph_custom(c, 64, false);
    ggml_build_forward_expand(graph, output);
    graphs_.push_back(graph);
    outputs_.push_back(output);
  }

  static void FillHead(const Shape& shape, const Table& table, int64_t head,
                       const std::vector<ggml_tensor*>& tensors, Order order, bool is_across) {
    const auto n = static_cast<size_t>(shape.n_kv);
    const auto dim = static_cast<size_t>(shape.head_dim);
    std::vector<float> floats(n * dim);
    for (size_t row = 0; row < n; ++row) {
      const float* from = table.Row(static_cast<int64_t>(row) * order.step + head * order.shift);
      if (is_across) {
        for (size_t i = 0; i < dim; ++i) floats[i * n + row] = from[i];
      } else {
        std::copy_n(from, dim, floats.data() + row * dim);
      }
    }
    const std::vector<uint8_t> bytes = Convert(floats, shape.type);
    for (ggml_tensor* tensor : tensors) {
      ggml_backend_tensor_set(tensor, bytes.data(), static_cast<size_t>(head) * bytes.size(),
                              bytes.size());
    }
  }

  ggml_backend_t backend_;
  std::unique_ptr<ggml_context, FreeGgml> context_;
  std::unique_ptr<ggml_backend_buffer, FreeGgml> buffer_;
  ggml_tensor* query_ = nullptr;
  ggml_tensor* mask_ = nullptr;
  std::vector<ggml_tensor*> keys_;
  std::vector<ggml_tensor*> values_;
  std::vector<ggml_tensor*> outputs_;
  std::vector<ggml_cgraph*> graphs_;
  bool are_values_across_ = false;
  size_t turn_ = 0;
};

ggml_backend_t OpenBackend(const char* folder, int n_threads) {
  ggml_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  ggml_backend_load_all_from_path(folder);
  ggml_backend_t backend = ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr);
  if (backend == nullptr) throw std::runtime_error("ggml has no CPU backend here");
  auto* registry = ggml_backend_dev_backend_reg(ggml_backend_get_device(backend));
  auto* set_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
      ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_n_threads"));
  if (set_threads != nullptr) set_threads(backend, n_threads);
  auto* new_pool = reinterpret_cast<ggml_threadpool* (*)(ggml_threadpool_params*)>(
      ggml_backend_reg_get_proc_address(registry, "ggml_threadpool_new"));
  auto* set_pool = reinterpret_cast<void (*)(ggml_backend_t, ggml_threadpool*)>(
      ggml_backend_reg_get_proc_address(registry, "ggml_backend_cpu_set_threadpool"));
  if (new_pool != nullptr && set_pool != nullptr) {
    ggml_threadpool_params params = ggml_threadpool_params_default(n_threads);
    set_pool(backend, new_pool(&params));  // kept between calls, as llama.cpp does
  }
  return backend;
}

class Peer {
 public:
  explicit Peer(ggml_backend_t backend) : backend_(backend) {}

  std::string Answer(const std::string& line) {
    const std::string command = Field(line, "cmd");
    if (command == "hello") return "{\"name\":\"ggml " + std::string(ggml_version()) + "\"}";
    if (command == "load") return Load(line);
    if (command == "free") {
      flash_.reset();
      matmul_.reset();
      return "{}";
    }
    Form& form = Field(line, "form") == "flash_attn_ext" ? *flash_ : *matmul_;
    return command == "result" ? Result(form) : Time(form, Number(line, "budgetMs"));
  }

 private:
  std::string Load(const std::string& line) {
    const std::string dtype = Field(line, "dtype");
    const Shape shape = {Number(line, "nQHeads"),
                         Number(line, "nKvHeads"),
                         Number(line, "headDim"),
                         Number(line, "nKv"),
                         Number(line, "copies"),
                         dtype == "f32"    ? GGML_TYPE_F32
                         : dtype == "bf16" ? GGML_TYPE_BF16
                                           : GGML_TYPE_F16};
    if (Field(line, "case") != "dense") return "{\"error\":\"ggml has only dense attention\"}";
    const Table table = {ReadFloats(Field(line, "table")), shape.head_dim};
    const std::vector<float> query = ReadFloats(Field(line, "query"));
    flash_ = std::make_unique<Form>(backend_, shape, true);
    matmul_ = std::make_unique<Form>(backend_, shape, false);
    flash_->Fill(shape, table, query);
    matmul_->Fill(shape, table, query);
    return "{\"forms\":[\"flash_attn_ext\",\"mm_softmax_mm\"]}";
  }

  static std::string Result(Form& form) {
    std::string text = "{\"result\":[";
    for (const float value : form.Result()) {
      char number[32];
      std::snprintf(number, sizeof number, "%s%.9g", text.back() == '[' ? "" : ",", value);
      text += number;
    }
    return text + "]}";
  }

  static std::string Time(Form& form, int64_t budget_ms) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    const auto end = Clock::now() + std::chrono::milliseconds(budget_ms);
    while (times.empty() || Clock::now() < end) {
      const auto start = Clock::now();
      form.Run();
      times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return "{\"ms\":" + std::to_string(times[times.size() / 2]) + "}";
  }

  ggml_backend_t backend_;
  std::unique_ptr<Form> flash_;
  std::unique_ptr<Form> matmul_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: ggml_peer <folder of the ggml libraries> <threads>\n");
    return 2;
  }
  try {
    Peer peer(OpenBackend(argv[1], std::atoi(argv[2])));
    for (std::string line; std::getline(std::cin, line);) {
      std::string answer;
      try {
        answer = peer.Answer(line);
      } catch (const std::exception& error) {
        answer = "{\"error\":\"" + std::string(error.what()) + "\"}";
      }
      std::cout << answer << std::endl;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
