"""An emulated USB bus: what libusb is to pyusb, with emulated printers on it.

A printer is plugged in as a ``Gadget`` - descriptors, endpoints, control requests - in front of a socket, whose other
end carries the bytes to a ``Device`` (``PortServer.serve``). Errors have libusb's numbers and meanings. Faults happen
at a byte, once, and leave what they leave on a real bus: a stalled endpoint stays so until it is cleared; a device that
was unplugged never comes back, only another one at another address.
"""

from __future__ import annotations

import array
import contextlib
import itertools
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Self

from usb.backend import IBackend
from usb.backend.libusb1 import (
    LIBUSB_ERROR_ACCESS,
    LIBUSB_ERROR_BUSY,
    LIBUSB_ERROR_NO_DEVICE,
    LIBUSB_ERROR_NOT_FOUND,
)

from fiscald.transport.usb import BACKEND
from tests.emulated_usb.gadget import SERIAL_STRING, Gadget
from tests.emulated_usb.wire import Handle, PluggedGadget, fill, usb_error


class EmulatedBus(IBackend):  # type: ignore[misc]
    """The host's side: gadgets are plugged in and out, pyusb sees what there is."""

    def __init__(self) -> None:
        super().__init__()
        self._plugged: list[PluggedGadget] = []
        self._addresses = itertools.count(2)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[Self]:
        """Within the block, ``usb://`` means this bus, in this task and in those it starts."""
        token = BACKEND.set(self)
        try:
            yield self
        finally:
            BACKEND.reset(token)
            for plugged in self._plugged:
                plugged.unplug()

    def plug(self, gadget: Gadget, path: str = "1-2") -> socket.socket:
        """Plug it in there (bus and ports); the printer's end of it. It gets an address that was never used."""
        plugged = PluggedGadget(gadget, path, next(self._addresses))
        self._plugged.append(plugged)
        return plugged.far

    def unplug(self, gadget: Gadget) -> None:
        """Pull its plug, if it is plugged in."""
        for plugged in self._plugged:
            if plugged.gadget is gadget:
                plugged.unplug()

    def is_open(self, gadget: Gadget) -> bool:
        """Whether somebody has it open now."""
        return any(plugged.gadget is gadget and plugged.handles for plugged in self._there())

    def claimed(self, gadget: Gadget) -> set[int]:
        """The numbers of its interfaces that are in use now."""
        return {number for plugged in self._there() if plugged.gadget is gadget for number in plugged.claimed}

    def driven(self, gadget: Gadget) -> set[int]:
        """The numbers of its interfaces that the kernel's driver has now."""
        return {number for plugged in self._there() if plugged.gadget is gadget for number in plugged.driven}

    def _there(self) -> list[PluggedGadget]:
        return [plugged for plugged in self._plugged if not plugged.gone.is_set()]

    # -- what pyusb asks (usb.backend.IBackend) -----------------------------------------------------------

    def enumerate_devices(self) -> list[PluggedGadget]:
        """See ``IBackend``."""
        return self._there()

    def get_parent(self, _dev: PluggedGadget) -> None:
        """See ``IBackend``; hubs are not shown."""

    def get_device_descriptor(self, dev: PluggedGadget) -> SimpleNamespace:
        """See ``IBackend``."""
        gadget = dev.gadget
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0x02 if gadget.has_line else 0,
            bDeviceSubClass=0, bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=gadget.vendor,
            idProduct=gadget.product, bcdDevice=0x0100, iManufacturer=1, iProduct=2,
            iSerialNumber=0 if gadget.serial is None else SERIAL_STRING, bNumConfigurations=1,
            address=dev.address, bus=dev.bus, port_number=dev.ports[-1], port_numbers=dev.ports, speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: PluggedGadget, config: int) -> SimpleNamespace:
        """See ``IBackend``."""
        if config:
            raise IndexError(config)
        numbers = {interface.number for interface in dev.gadget.interfaces}
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=9, bNumInterfaces=len(numbers), bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0xC0, bMaxPower=0, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: PluggedGadget, intf: int, alt: int, config: int) -> SimpleNamespace:
        """See ``IBackend``."""
        if config or alt:
            raise IndexError(alt)
        one = dev.gadget.interfaces[intf]
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=one.number, bAlternateSetting=0,
            bNumEndpoints=len(one.endpoints), bInterfaceClass=one.usb_class, bInterfaceSubClass=one.subclass,
            bInterfaceProtocol=one.protocol, iInterface=0, extra_descriptors=list(one.extra),
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, dev: PluggedGadget, ep: int, intf: int, _alt: int, _config: int
    ) -> SimpleNamespace:
        """See ``IBackend``."""
        one = dev.gadget.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=one.address, bmAttributes=one.kind,
            wMaxPacketSize=one.packet_size, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: PluggedGadget) -> Handle:
        """See ``IBackend``."""
        if dev.gone.is_set():
            raise usb_error(LIBUSB_ERROR_NO_DEVICE)
        if dev.gadget.denied:
            raise usb_error(LIBUSB_ERROR_ACCESS)
        dev.handles.append(Handle(dev))
        return dev.handles[-1]

    def close_device(self, dev_handle: Handle) -> None:
        """See ``IBackend``."""
        dev_handle.plugged.handles.remove(dev_handle)
        claimed = dev_handle.plugged.claimed
        for number in [number for number, holder in claimed.items() if holder is dev_handle]:
            del claimed[number]

    def set_configuration(self, dev_handle: Handle, _config_value: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            dev_handle.plugged.gadget.configured = True

    def get_configuration(self, dev_handle: Handle) -> int:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return int(dev_handle.plugged.gadget.configured)

    def claim_interface(self, dev_handle: Handle, intf: int) -> None:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            if plugged.gadget.held or intf in plugged.driven or intf in plugged.claimed:
                raise usb_error(LIBUSB_ERROR_BUSY)
            plugged.claimed[intf] = dev_handle

    def release_interface(self, dev_handle: Handle, intf: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            if dev_handle.plugged.claimed.get(intf) is not dev_handle:
                raise usb_error(LIBUSB_ERROR_NOT_FOUND)
            del dev_handle.plugged.claimed[intf]

    def bulk_write(self, dev_handle: Handle, ep: int, _intf: int, data: array.array[int], timeout: int) -> int:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            return plugged.write(plugged.endpoint(dev_handle, ep), data.tobytes(), timeout / 1000)

    def bulk_read(self, dev_handle: Handle, ep: int, _intf: int, buff: array.array[int], timeout: int) -> int:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            return fill(buff, plugged.read(plugged.endpoint(dev_handle, ep), len(buff), timeout / 1000))

    def ctrl_transfer(
        self,
        dev_handle: Handle,
        kind: int,
        request: int,
        value: int,
        _index: int,
        data: array.array[int],
        _timeout: int,
    ) -> int:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return dev_handle.plugged.control((kind, request), value, data)

    def clear_halt(self, dev_handle: Handle, ep: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            dev_handle.plugged.clear_halt(ep)

    def is_kernel_driver_active(self, dev_handle: Handle, intf: int) -> bool:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return intf in dev_handle.plugged.driven

    def detach_kernel_driver(self, dev_handle: Handle, intf: int) -> None:
        """See ``IBackend``. As Linux's cdc_acm does, the driver leaves all its interfaces at once."""
        with dev_handle.plugged.transfer():
            if intf not in dev_handle.plugged.driven:
                raise usb_error(LIBUSB_ERROR_NOT_FOUND)
            dev_handle.plugged.driven.clear()

    def attach_kernel_driver(self, dev_handle: Handle, _intf: int) -> None:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            if plugged.claimed:
                raise usb_error(LIBUSB_ERROR_BUSY)
            plugged.driven = {interface.number for interface in plugged.gadget.interfaces}
