#include "intact/data/mnist.h"
#include "intact/data/npy.h"
#include "intact/data/resize.h"
#include "intact/data/transforms.h"
#include "sample.h"

namespace intact::python {
namespace {

/// ImageTransform of any Python callable from image to image.
class PythonTransform : public ImageTransform {
 public:
  explicit PythonTransform(nb::object function)
      : function_(new nb::object(std::move(function)), [](nb::object* object) {
          const nb::gil_scoped_acquire gil;
          delete object;
        }) {}

  Tensor apply(const Tensor& image, const SampleKey&) const override {
    const nb::gil_scoped_acquire gil;
    return nb::cast<Tensor>((*function_)(to_numpy(image)));
  }

 private:
  std::shared_ptr<nb::object> function_;
};

/// A Transform, any callable, or None.
Transform to_transform(nb::handle value) {
  if (value.is_none()) {
    return {};
  }
  Transform transform;
  if (nb::try_cast(value, transform)) {
    return transform;
  }
  return PythonTransform(nb::borrow(value));
}

Transform compose(const std::vector<nb::object>& transforms) {
  std::vector<Transform> parts;
  for (const nb::object& transform : transforms) {
    parts.push_back(to_transform(transform));
  }
  return Compose(std::move(parts));
}

ImageLayout to_layout(const std::string& name) {
  if (name == "CHW") {
    return ImageLayout::Chw;
  }
  if (name == "HWC") {
    return ImageLayout::Hwc;
  }
  throw Error(ErrorCode::InvalidArgument,
              "transform: layout '" + name + "' is not known; use 'CHW' or 'HWC'");
}

Interpolation to_interpolation(const std::string& name) {
  if (name == "nearest") {
    return Interpolation::Nearest;
  }
  if (name == "bilinear") {
    return Interpolation::Bilinear;
  }
  throw Error(ErrorCode::InvalidArgument,
              "Resize: interpolation '" + name + "' is not known; use 'nearest' or 'bilinear'");
}

Mode to_mode(const std::string& name) {
  if (name == "train") {
    return Mode::Train;
  }
  if (name == "test") {
    return Mode::Test;
  }
  throw Error(ErrorCode::InvalidArgument,
              "dataset: mode '" + name + "' is not known; use 'train' or 'test'");
}

void bind_transforms(nb::module_& m) {
  nb::class_<Transform>(m, "Transform", doc("ImageTransform"))
      .def(
          "__call__",
          [](const Transform& self, const Tensor& image, int64_t epoch, int64_t index) {
            return self(image, {.epoch = epoch, .index = index});
          },
          "image"_a,
          "epoch"_a = 0,
          "index"_a = 0);
  m.def("Compose", &compose, "transforms"_a, doc("Compose"));
  m.def(
      "Transpose",
      [](std::vector<int> order) { return Transform(Transpose(std::move(order))); },
      "order"_a = std::vector<int>{2, 0, 1},
      doc("Transpose"));
  m.def(
      "Normalize",
      [](std::vector<float> mean, std::vector<float> std, const std::string& layout) {
        return Transform(Normalize(std::move(mean), std::move(std), to_layout(layout)));
      },
      "mean"_a,
      "std"_a,
      "layout"_a = "CHW",
      doc("Normalize"));
  m.def(
      "RandomHorizontalFlip",
      [](float probability, uint64_t seed, const std::string& layout) {
        return Transform(RandomHorizontalFlip(probability, seed, to_layout(layout)));
      },
      "probability"_a = 0.5f,
      "seed"_a = 0,
      "layout"_a = "CHW",
      doc("RandomHorizontalFlip"));
  m.def(
      "RandomCrop",
      [](int64_t height, int64_t width, int64_t padding, uint64_t seed, const std::string& layout) {
        return Transform(RandomCrop(height, width, padding, seed, to_layout(layout)));
      },
      "height"_a,
      "width"_a,
      "padding"_a = 0,
      "seed"_a = 0,
      "layout"_a = "CHW",
      doc("RandomCrop"));
  m.def(
      "Resize",
      [](int64_t height,
         std::optional<int64_t> width,
         const std::string& interpolation,
         const std::string& layout) {
        return Transform(Resize(height, width, to_interpolation(interpolation), to_layout(layout)));
      },
      "height"_a,
      "width"_a.none() = nb::none(),
      "interpolation"_a = "bilinear",
      "layout"_a = "CHW",
      doc("Resize"));
}

}  // namespace

void bind_data(nb::module_& m) {
  bind_transforms(m);
  nb::class_<Dataset, PythonDataset>(m,
                                     "Dataset",
                                     "Numbered labelled images. A subclass has __len__() and "
                                     "__getitem__(index) -> (image, label); "
                                     "both may be called from another thread.")
      .def(nb::init<>())
      .def("__len__", &Dataset::size)
      .def(
          "__getitem__",
          [](const Dataset& self, int64_t index) {
            if (index < 0 || index >= self.size()) {
              throw nb::index_error();
            }
            return self.get(index);
          },
          "index"_a);
  nb::class_<Mnist, Dataset>(m, "Mnist", doc("Mnist"))
      .def(
          "__init__",
          [](Mnist* self,
             const std::string& mode,
             std::string directory,
             std::string image_path,
             std::string label_path,
             nb::object transform,
             int64_t class_count) {
            new (self) Mnist({.mode = to_mode(mode),
                              .directory = std::move(directory),
                              .image_path = std::move(image_path),
                              .label_path = std::move(label_path),
                              .transform = to_transform(transform),
                              .class_count = class_count});
          },
          "mode"_a = "train",
          nb::kw_only(),
          "directory"_a = "",
          "image_path"_a = "",
          "label_path"_a = "",
          "transform"_a = nb::none(),
          "class_count"_a = MnistOptions{}.class_count,
          doc("Mnist.Mnist"))
      .def_prop_ro("height", &Mnist::height)
      .def_prop_ro("width", &Mnist::width);
  m.def("load_npy", &load_npy, "path"_a, doc("load_npy"));
  m.def("save_npy", &save_npy, "path"_a, "tensor"_a, doc("save_npy"));
}

}  // namespace intact::python
