"""A folder as the kubelet mounts a ConfigMap or a Secret, changed as the kubelet changes it."""

import os
import shutil


class MountedFolder:
    """name -> ..data/name, ..data -> ..N; an update makes a new ..N and renames a new ..data over the old."""

    def __init__(self, path, files):
        self.path = path
        self._round = 0
        os.makedirs(path)
        self.swap(files)

    def swap(self, files):
        """files: name to text. All of them change in one step."""
        self._round += 1
        data = os.path.join(self.path, "..data")
        new = f"..{self._round:06d}"
        old = os.readlink(data) if os.path.islink(data) else None
        os.mkdir(os.path.join(self.path, new))
        for name, text in files.items():
            with open(os.path.join(self.path, new, name), "w", encoding="utf-8") as f:
                f.write(text)
        os.symlink(new, data + "_tmp")
        os.rename(data + "_tmp", data)
        for name in files:
            link = os.path.join(self.path, name)
            if not os.path.islink(link):
                os.symlink(os.path.join("..data", name), link)
        for name in os.listdir(self.path):
            if not name.startswith("..") and name not in files:
                os.remove(os.path.join(self.path, name))
        if old is not None:
            shutil.rmtree(os.path.join(self.path, old))
