// SPDX-License-Identifier: Apache-2.0
// Writes inlayc's output files: all of them or none, and never over another file of the call.
#include "Outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "Inlay/Target/Target.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

namespace inlay::tools {
namespace {

namespace fs = std::filesystem;
using compiler::failed;

std::string fileName(llvm::StringRef path) { return path == "-" ? "standard output" : "'" + path.str() + "'"; }

llvm::Error cannotWrite(llvm::StringRef path, std::error_code error) {
  return failed("cannot write " + fileName(path) + ": " + error.message());
}

/// The file that a path names, after following symbolic links. It need not exist.
struct Place {
  fs::path path;
  bool exists = false;
  struct ::stat status = {};   // of the file, if it exists
  struct ::stat folder = {};   // of the folder that it is in
  std::error_code error = {};  // if that folder has no status

  bool isRegular() const { return exists && S_ISREG(status.st_mode); }
};

Place placeOf(llvm::StringRef given) {
  Place place{.path = given.str()};
  if (given == "-") {
    place.exists = ::fstat(STDOUT_FILENO, &place.status) == 0;
    return place;
  }
  std::error_code ignored;
  // A rename would replace a symbolic link rather than its target, so follow links. If there are more than this, they
  // form a cycle, which stat() reports.
  for (int links = 0; links < 64 && fs::is_symlink(fs::symlink_status(place.path, ignored)); ++links) {
    fs::path target = fs::read_symlink(place.path, ignored);
    if (target.is_relative()) target = place.path.parent_path() / target;
    // Links in /proc to something without a name, such as a pipe, can be followed but their text is no path.
    if (fs::exists(place.path, ignored) && !fs::exists(target, ignored)) break;
    place.path = target;
  }
  place.exists = ::stat(place.path.c_str(), &place.status) == 0;
  const fs::path folder = place.path.has_parent_path() ? place.path.parent_path() : fs::path(".");
  if (::stat(folder.c_str(), &place.folder) != 0) place.error = {errno, std::generic_category()};
  return place;
}

bool sameFile(const struct ::stat& a, const struct ::stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

bool isNullDevice(const Place& place) {
  struct ::stat null = {};
  return place.exists && S_ISCHR(place.status.st_mode) && ::stat("/dev/null", &null) == 0 &&
         place.status.st_rdev == null.st_rdev;
}

/// Whether both paths lead to one file. The null device does not count: it can be written several times.
bool isSamePlace(llvm::StringRef a, llvm::StringRef b) {
  const Place first = placeOf(a), second = placeOf(b);
  if (isNullDevice(first)) return false;
  if (first.exists != second.exists) return false;
  if (first.exists) return sameFile(first.status, second.status);
  return !first.error && !second.error && sameFile(first.folder, second.folder) &&
         first.path.filename() == second.path.filename();
}

/// Whether writing may replace the file: it is no regular file, is empty or begins with a mark, or there are no marks.
llvm::Expected<bool> mayReplace(const Place& place, llvm::ArrayRef<std::string> marks) {
  if (marks.empty() || !place.isRegular() || place.status.st_size == 0) return true;
  size_t longest = 0;
  for (const std::string& mark : marks) longest = std::max(longest, mark.size());
  std::string start(longest, '\0');
  auto file = llvm::sys::fs::openNativeFileForRead(place.path.string());
  if (!file) return file.takeError();
  auto read = llvm::sys::fs::readNativeFile(*file, {start.data(), start.size()});
  llvm::sys::fs::closeFile(*file);
  if (!read) return read.takeError();
  start.resize(*read);
  return llvm::any_of(marks, [&](const std::string& mark) { return llvm::StringRef(start).starts_with(mark); });
}

llvm::Error checkOne(const OutputFile& output) {
  if (output.path == "-") return llvm::Error::success();
  if (output.path.empty()) return failed("the path of " + output.what + " is empty");
  const Place place = placeOf(output.path);
  if (place.error) return cannotWrite(output.path, place.error);
  if (place.exists && !S_ISREG(place.status.st_mode) && !isStream(output.path))
    return failed("cannot write " + fileName(output.path) + ", " + output.what + ": it is " +
                  (S_ISDIR(place.status.st_mode) ? "a folder" : "not a file, pipe or character device"));
  if (!place.path.has_filename())
    return failed("cannot write " + fileName(output.path) + ", " + output.what + ": it names a folder");
  // A rename needs permission to write the folder. Also respect the old file's own permissions.
  const fs::path folder = place.path.has_parent_path() ? place.path.parent_path() : fs::path(".");
  if ((place.exists && ::access(place.path.c_str(), W_OK) != 0) ||
      (!isStream(output.path) && ::access(folder.c_str(), W_OK) != 0))
    return cannotWrite(output.path, {errno, std::generic_category()});
  llvm::Expected<bool> replaceable = mayReplace(place, output.marks);
  if (!replaceable)
    return failed("cannot read " + fileName(output.path) + ": " + llvm::toString(replaceable.takeError()));
  if (!*replaceable)
    return failed("'" + output.path + "' exists and was not written by inlayc, so " + output.what +
                  " does not replace it; give " + output.what + " another path, or remove the file");
  return llvm::Error::success();
}

/// Prints `output` into an open file, and closes it if `close`.
llvm::Error printTo(int file, bool close, const OutputFile& output) {
  llvm::raw_fd_ostream stream(file, close);
  output.print(stream);
  if (close)
    stream.close();
  else
    stream.flush();
  std::error_code error = stream.error();
  stream.clear_error();  // otherwise its destructor would end the program
  return error ? cannotWrite(output.path, error) : llvm::Error::success();
}

/// Writes to standard output, a device or a pipe, which a rename cannot replace.
llvm::Error writeStream(const OutputFile& output) {
  if (output.path == "-") {
    llvm::outs().flush();
    return printTo(STDOUT_FILENO, false, output);
  }
  int file = -1;
  if (std::error_code error = llvm::sys::fs::openFile(output.path, file, llvm::sys::fs::CD_OpenExisting,
                                                      llvm::sys::fs::FA_Write, llvm::sys::fs::OF_None))
    return cannotWrite(output.path, error);
  return printTo(file, true, output);
}

/// While it lives, signals that end the program wait, as far as they can.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
  }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

 private:
  sigset_t before;
};

/// A new file in an output's folder. The destructor removes it unless commit() has renamed it.
class FileBeside {
 public:
  explicit FileBeside(const OutputFile& output) : output(output), place(placeOf(output.path)) {}
  FileBeside(const FileBeside&) = delete;
  FileBeside& operator=(const FileBeside&) = delete;
  ~FileBeside() {
    remove(temporary);
    remove(backup);
  }

  llvm::Error write() {
    int file = -1;
    if (std::error_code error = create(temporary, [&](const std::string& name) {
          return llvm::sys::fs::openFile(name, file, llvm::sys::fs::CD_CreateNew, llvm::sys::fs::FA_Write,
                                         llvm::sys::fs::OF_None);
        }))
      return cannotWrite(output.path, error);
    if (place.exists) (void)::fchmod(file, place.status.st_mode & 07777);
    return printTo(file, true, output);
  }

  /// Renames the file to the output's name. A hard link keeps the old file, if any, until this object is destroyed.
  llvm::Error commit() {
    if (place.exists)
      (void)create(backup, [&](const std::string& name) {
        std::error_code error;
        fs::create_hard_link(place.path, name, error);
        return error;
      });
    if (::rename(temporary.c_str(), place.path.c_str()) != 0)
      return cannotWrite(output.path, {errno, std::generic_category()});
    llvm::sys::DontRemoveFileOnSignal(temporary);
    temporary.clear();
    committed = true;
    return llvm::Error::success();
  }

  /// Reverts commit().
  void undo() {
    if (!committed) return;
    if (!place.exists) {
      ::unlink(place.path.c_str());
    } else if (!backup.empty() && ::rename(backup.c_str(), place.path.c_str()) == 0) {
      llvm::sys::DontRemoveFileOnSignal(backup);
      backup.clear();
    }
  }

 private:
  const OutputFile& output;
  const Place place;
  std::string temporary, backup;  // names of files in the output's folder, or empty
  bool committed = false;

  /// Calls `make` with unused names until it makes a file, and sets `name` to the file's name.
  std::error_code create(std::string& name, llvm::function_ref<std::error_code(const std::string&)> make) {
    static int count = 0;
    std::error_code error;
    for (int attempt = 0; attempt < 100; ++attempt) {
      const fs::path candidate =
          place.path.parent_path() / (".inlayc-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".tmp");
      const SignalsWait untilItIsRemembered;
      error = make(candidate.string());
      if (error == std::errc::file_exists) continue;
      if (error) return error;
      name = candidate.string();
      llvm::sys::RemoveFileOnSignal(name);
      return {};
    }
    return error;
  }

  static void remove(const std::string& name) {
    if (name.empty()) return;
    ::unlink(name.c_str());
    llvm::sys::DontRemoveFileOnSignal(name);
  }
};

}  // namespace

bool isStream(llvm::StringRef path) {
  if (path == "-") return true;
  const Place place = placeOf(path);
  return place.exists && (S_ISCHR(place.status.st_mode) || S_ISFIFO(place.status.st_mode));
}

bool isTerminal(llvm::StringRef path) {
  if (path == "-") return ::isatty(STDOUT_FILENO) != 0;
  const Place place = placeOf(path);
  if (!place.exists || !S_ISCHR(place.status.st_mode)) return false;
  int file = -1;
  if (llvm::sys::fs::openFileForRead(path, file, llvm::sys::fs::OF_None)) return false;
  const bool terminal = ::isatty(file) != 0;
  ::close(file);
  return terminal;
}

llvm::Error checkOutputs(llvm::ArrayRef<OutputFile> outputs, llvm::ArrayRef<InputFile> inputs) {
  for (const OutputFile& output : outputs)
    for (const InputFile& input : inputs)
      if (isSamePlace(output.path, input.path))
        return failed("'" + output.path + "' is " + input.what + ", which " + output.what + " would overwrite; give " +
                      output.what + " another path");
  for (size_t i = 0; i < outputs.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (isSamePlace(outputs[i].path, outputs[j].path))
        return failed(fileName(outputs[i].path) + " would be both " + outputs[j].what + " and " + outputs[i].what +
                      "; give them different paths");
  for (const OutputFile& output : outputs)
    if (llvm::Error error = checkOne(output)) return error;
  return llvm::Error::success();
}

llvm::Error writeOutputs(llvm::ArrayRef<OutputFile> outputs) {
  std::vector<std::unique_ptr<FileBeside>> files;
  for (const OutputFile& output : outputs) {
    if (isStream(output.path)) continue;
    files.push_back(std::make_unique<FileBeside>(output));
    if (llvm::Error error = files.back()->write()) return error;
  }
  for (const OutputFile& output : outputs)
    if (isStream(output.path))
      if (llvm::Error error = writeStream(output)) return error;
  const SignalsWait untilAllAreRenamed;
  for (const auto& file : files)
    if (llvm::Error error = file->commit()) {
      for (const auto& each : files) each->undo();
      return error;
    }
  return llvm::Error::success();
}

}  // namespace inlay::tools
