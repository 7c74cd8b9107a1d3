// SPDX-License-Identifier: Apache-2.0
// Training with libtorch: its modules, autograd and torch::optim::Adam.
#include <dlfcn.h>
#include <torch/torch.h>

#include "training_peer.hpp"

namespace inlay::bench {
namespace {

void use_one_thread() {
  at::set_num_threads(1);
  // Its matrix products may be OpenBLAS's, which has threads of its own.
  if (auto* limit = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) limit(1);
}

void copy_to(const std::vector<torch::Tensor>& parameters, const parameter_list& from) {
  torch::NoGradGuard constant;
  for (std::size_t i = 0; i < from.size(); ++i)
    torch::Tensor(parameters[i]).copy_(torch::from_blob(const_cast<float*>(from[i].data()), parameters[i].sizes()));
}

parameter_list gradients_of(const std::vector<torch::Tensor>& parameters) {
  parameter_list all;
  for (const torch::Tensor& each : parameters) {
    const torch::Tensor gradient = each.grad().contiguous();
    all.emplace_back(gradient.data_ptr<float>(), gradient.data_ptr<float>() + gradient.numel());
  }
  return all;
}

class torch_training : public training_peer {
 public:
  torch_training(const network_plan& plan, const parameter_list& parameters, double rate) : plan_(plan) {
    use_one_thread();
    int channels = plan.channels, side = plan.side;
    bool flat = false;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
      const layer_plan& each = plan.layers[i];
      if (each.kind == layer_plan::max_pool) {
        modules_->push_back(torch::nn::MaxPool2d(each.kernel));
        side /= each.kernel;
        continue;
      }
      if (each.kind == layer_plan::convolution) {
        modules_->push_back(
            torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, each.outputs, each.kernel).padding(each.padding)));
        side += 2 * each.padding - each.kernel + 1;
      } else {
        if (!flat) modules_->push_back(torch::nn::Flatten());
        flat = true;
        modules_->push_back(torch::nn::Linear(channels * side * side, each.outputs));
        side = 1;
      }
      channels = each.outputs;
      if (i + 1 < plan.layers.size()) modules_->push_back(torch::nn::ReLU());
    }
    copy_to(modules_->parameters(), parameters);
    optimizer_ = std::make_unique<torch::optim::Adam>(modules_->parameters(), torch::optim::AdamOptions(rate));
  }

  float step(std::span<const float> x, std::span<const std::int32_t> labels) override {
    const auto batch = static_cast<std::int64_t>(labels.size());
    const torch::Tensor input =
        torch::from_blob(const_cast<float*>(x.data()), {batch, plan_.channels, plan_.side, plan_.side});
    const torch::Tensor target =
        torch::from_blob(const_cast<std::int32_t*>(labels.data()), {batch}, torch::kInt32).to(torch::kInt64);
    optimizer_->zero_grad();
    torch::Tensor loss = torch::nn::functional::cross_entropy(modules_->forward(input), target);
    loss.backward();
    optimizer_->step();
    return loss.item<float>();
  }

  parameter_list gradients() override { return gradients_of(modules_->parameters()); }

 private:
  network_plan plan_;
  torch::nn::Sequential modules_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
};

class torch_sequences : public sequence_peer {
 public:
  torch_sequences(const sequence_plan& plan, const parameter_list& parameters, double rate)
      : plan_(plan), gru_(torch::nn::GRUOptions(plan.inputs, plan.features).batch_first(true)), out_(plan.features, 1) {
    use_one_thread();
    parameters_ = gru_->parameters();
    for (const torch::Tensor& each : out_->parameters()) parameters_.push_back(each);
    copy_to(parameters_, parameters);
    optimizer_ = std::make_unique<torch::optim::Adam>(parameters_, torch::optim::AdamOptions(rate));
  }

  float step(std::span<const float> x, std::span<const float> target) override {
    const torch::Tensor input =
        torch::from_blob(const_cast<float*>(x.data()), {plan_.batch, plan_.steps, plan_.inputs});
    const torch::Tensor wanted = torch::from_blob(const_cast<float*>(target.data()), {plan_.batch, plan_.steps, 1});
    optimizer_->zero_grad();
    torch::Tensor loss = torch::nn::functional::mse_loss(out_->forward(std::get<0>(gru_->forward(input))), wanted);
    loss.backward();
    optimizer_->step();
    return loss.item<float>();
  }

  parameter_list gradients() override { return gradients_of(parameters_); }

 private:
  sequence_plan plan_;
  torch::nn::GRU gru_;
  torch::nn::Linear out_;
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
};

}  // namespace

std::unique_ptr<sequence_peer> make_torch_sequences(const sequence_plan& plan, const parameter_list& parameters,
                                                    double rate) {
  return std::make_unique<torch_sequences>(plan, parameters, rate);
}

std::unique_ptr<training_peer> make_torch_training(const network_plan& plan, const parameter_list& parameters,
                                                   double rate) {
  return std::make_unique<torch_training>(plan, parameters, rate);
}

}  // namespace inlay::bench
