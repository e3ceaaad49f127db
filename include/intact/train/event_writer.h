#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace intact {

/// Writes scalars to an event file that TensorBoard shows: TFRecords of tensorflow.Event.
class EventWriter {
 public:
  /// Creates the directory and a new file in it, events.out.tfevents.*. Throws: Io.
  explicit EventWriter(const std::string& directory);

  using Scalar = std::pair<std::string, double>;  // tag and value
  /// step: where they stand on the axis of iterations.
  void add(int64_t step, const std::vector<Scalar>& scalars);
  /// Until then what was added may not be in the file. Throws: Io.
  void flush();

  const std::string& path() const { return path_; }

 private:
  void write_record(const std::string& event);

  std::string path_;
  std::ofstream file_;
};

/// CRC-32C of bytes (Castagnoli), as TFRecord frames carry it after masking.
uint32_t crc32c(const std::string& bytes);

}  // namespace intact
