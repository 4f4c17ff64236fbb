/* Files through a C library: what a program does with a directory of its own. /box is writable. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void write_and_read(void) {
  FILE *f = fopen("/box/f", "w+");
  CHECK(f);
  for (int i = 0; i < 10000; i++)
    CHECK(fprintf(f, "line %d\n", i) > 0);
  CHECK(!fseek(f, 0, SEEK_SET));
  char line[32];
  int n = 0;
  for (; fgets(line, sizeof line, f); n++) {
    char want[32];
    snprintf(want, sizeof want, "line %d\n", n);
    CHECK(!strcmp(line, want));
  }
  CHECK(n == 10000);
  CHECK(!fclose(f));

  int fd = open("/box/f", O_RDWR | O_APPEND);
  CHECK(fd >= 0);
  struct iovec v[] = {{(void *)"one", 3}, {(void *)"two", 3}};
  CHECK(writev(fd, v, 2) == 6);
  struct stat st;
  CHECK(!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == 98896);
  char six[6];
  CHECK(pread(fd, six, 6, st.st_size - 6) == 6 && !memcmp(six, "onetwo", 6));
  CHECK(!ftruncate(fd, 3) && lseek(fd, 0, SEEK_END) == 3);
  CHECK(!fsync(fd) && !close(fd));
  FAILS(close(fd), EBADF);
  fd = open("/box/f", O_RDONLY);
  FAILS(write(fd, "x", 1), EBADF);
  CHECK(!close(fd));
  FAILS(open("/box/f", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
  FAILS(open("/box/none", O_RDONLY), ENOENT);
  FAILS(open("/box", O_RDWR), EISDIR);
}

static void names(void) {
  struct stat st;
  CHECK(!mkdir("/box/d", 0777) && !mkdir("/box/d/e", 0777));
  FAILS(mkdir("/box/d", 0777), EEXIST);
  CHECK(!rename("/box/f", "/box/d/g"));
  CHECK(!link("/box/d/g", "/box/d/h") && !stat("/box/d/h", &st) && st.st_nlink == 2);
  CHECK(!symlink("d/g", "/box/s") && !lstat("/box/s", &st) && S_ISLNK(st.st_mode));
  CHECK(!stat("/box/s", &st) && S_ISREG(st.st_mode) && st.st_size == 3);
  char target[8];
  CHECK(readlink("/box/s", target, sizeof target) == 3 && !memcmp(target, "d/g", 3));
  FAILS(rmdir("/box/d"), ENOTEMPTY);
  struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000, .tv_nsec = 5}};
  CHECK(!utimensat(AT_FDCWD, "/box/d/g", times, 0) && !stat("/box/d/g", &st));
  CHECK(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 2000 && st.st_mtim.tv_nsec == 5);

  DIR *dir = opendir("/box/d");
  CHECK(dir);
  int e = 0, g = 0, h = 0, others = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (!strcmp(entry->d_name, "e"))
      e++;
    else if (!strcmp(entry->d_name, "g"))
      g++;
    else if (!strcmp(entry->d_name, "h"))
      h++;
    else if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
      others++;
  }
  CHECK(e == 1 && g == 1 && h == 1 && others == 0);
  CHECK(!closedir(dir));
  CHECK(!unlink("/box/d/g") && !unlink("/box/d/h") && !rmdir("/box/d/e") && !rmdir("/box/d"));
  CHECK(!unlink("/box/s"));
  FAILS(stat("/box/s", &st), ENOENT);
}

static void fence(void) {
  CHECK(open("/etc/passwd", O_RDONLY) < 0);
  FAILS(open("/box/../outside", O_RDONLY), EPERM);
  FAILS(open("/box/link-out", O_RDONLY), EPERM);
  FAILS(unlink("/box/../outside"), EPERM);
  FAILS(symlink("/etc", "/box/etc"), EPERM);
  FAILS(open("/ro/f", O_RDWR), EROFS);
  FAILS(unlink("/ro/f"), EROFS);
  FAILS(mkdir("/ro/d", 0777), EROFS);
  CHECK(open("/ro/f", O_RDONLY) >= 0);
}

int main(void) {
  write_and_read();
  names();
  fence();
  return 0;
}
